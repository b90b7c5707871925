"""Every paginator of the model, for operations that there are: all pages together hold what was
made, each item once."""

import json

from support import REGION, SESSION, Served, group, now_ms, snake, until
from test_operations import table


def arn(logs, service, resource, region=REGION):
    """The ARN of something of the account whose client it is: its key is the account."""
    account = logs._request_signer._credentials.access_key
    return f"arn:aws:{service}:{region}:{account}:{resource}"


ANYBODY = json.dumps({"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"},
    "Action": "logs:PutLogEvents", "Resource": "*"}]})


def log_groups(logs, names):
    for name in names:
        logs.create_log_group(logGroupName=name)


def log_streams(logs, names):
    logs.create_log_group(logGroupName="/streams")
    for name in names:
        logs.create_log_stream(logGroupName="/streams", logStreamName=name)


def events(logs, names):
    group(logs, "/events")
    now = now_ms()
    logs.put_log_events(logGroupName="/events", logStreamName="web", logEvents=[
        {"timestamp": now + at, "message": name} for at, name in enumerate(names)])


def subscription_filters(logs, names):
    logs.create_log_group(logGroupName="/subscribed")
    for name in names:
        logs.put_subscription_filter(
            logGroupName="/subscribed", filterName=name, filterPattern="",
            destinationArn=arn(logs, "kinesis", "stream/s"),
            roleArn=arn(logs, "iam", "role/r", region=""))


def metric_filters(logs, names):
    logs.create_log_group(logGroupName="/measured")
    for name in names:
        logs.put_metric_filter(
            logGroupName="/measured", filterName=name, filterPattern="", metricTransformations=[
                {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}])


def destinations(logs, names):
    for name in names:
        logs.put_destination(
            destinationName=name, targetArn=arn(logs, "kinesis", "stream/s"),
            roleArn=arn(logs, "iam", "role/r", region=""))


def delivery_sources(logs, names):
    for name in names:
        logs.create_log_group(logGroupName=f"/source/{name}")
        logs.put_delivery_source(
            name=name, logType="APPLICATION_LOGS",
            resourceArn=arn(logs, "logs", f"log-group:/source/{name}"))


def delivery_destinations(logs, names):
    for name in names:
        logs.put_delivery_destination(name=name, deliveryDestinationConfiguration={
            "destinationResourceArn": f"arn:aws:s3:::bucket-{name}"})


def deliveries(logs, names):
    delivery_sources(logs, names)
    delivery_destinations(logs, names)
    for name in names:
        logs.create_delivery(
            deliverySourceName=name,
            deliveryDestinationArn=arn(logs, "logs", f"delivery-destination:{name}"))


def resource_policies(logs, names):
    for name in names:
        logs.put_resource_policy(policyName=name, policyDocument=ANYBODY)


def query(logs, text, log_group):
    now = now_ms() // 1000
    return logs.start_query(
        logGroupNames=[log_group], startTime=now - 60, endTime=now, queryString=text)


def queries(logs, names):
    logs.create_log_group(logGroupName="/asked")
    for name in names:
        query(logs, f"fields @message | limit {name[1:]}", "/asked")


def log_groups_for_query(logs, names):
    log_groups(logs, names)
    now = now_ms() // 1000
    answer = logs.start_query(logGroupNames=names, startTime=now - 60, endTime=now,
                              queryString="fields @message")
    return {"queryId": answer["queryId"]}


def export_tasks(logs, names):
    logs.create_log_group(logGroupName="/exported")
    for name in names:
        logs.create_export_task(
            taskName=name, logGroupName="/exported", fromTime=0, to=now_ms(),
            destination="a-bucket")
        # One at a time.
        until(lambda: logs.describe_export_tasks(statusCode="COMPLETED"),
              lambda answer: name in [task["taskName"] for task in answer["exportTasks"]])


NAMES = [f"g{number}" for number in range(1, 8)]

# The names to make, how, what is asked, and what stands for an item.
CASES = {
    "DescribeLogGroups": (NAMES, log_groups, {}, "logGroupName"),
    "DescribeLogStreams": (
        NAMES, log_streams, {"logGroupName": "/streams"}, "logStreamName"),
    "FilterLogEvents": (NAMES, events, {"logGroupName": "/events"}, "message"),
    "DescribeSubscriptionFilters": (
        NAMES[:5], subscription_filters, {"logGroupName": "/subscribed"}, "filterName"),
    "DescribeMetricFilters": (
        NAMES, metric_filters, {"logGroupName": "/measured"}, "filterName"),
    "DescribeDestinations": (NAMES, destinations, {}, "destinationName"),
    "DescribeDeliverySources": (NAMES, delivery_sources, {}, "name"),
    "DescribeDeliveryDestinations": (NAMES, delivery_destinations, {}, "name"),
    "DescribeDeliveries": (NAMES, deliveries, {}, "deliverySourceName"),
    "DescribeResourcePolicies": (NAMES, resource_policies, {}, "policyName"),
    "DescribeQueries": (
        [f"q{number}" for number in range(1, 8)], queries, {"logGroupName": "/asked"},
        "queryString"),
    "ListLogGroupsForQuery": (NAMES, log_groups_for_query, {}, None),
    "DescribeExportTasks": (NAMES, export_tasks, {}, "taskName"),
}


def paginators():
    """What the model pages, as botocore has it, for operations that there are."""
    model = SESSION._session.get_component("data_loader").load_service_model(
        "logs", "paginators-1")["pagination"]
    states = table()
    return {name: entry for name, entry in model.items() if not states[name].startswith("not ")}


class Paginators(Served):
    def test_all_pages_hold_each_item_once(self):
        model = paginators()
        known = {name for name in CASES if not table()[name].startswith("not ")}
        # Templates are not made: they are compared with one large page.
        self.assertEqual(set(model) - {"DescribeConfigurationTemplates"}, known)
        for number, name in enumerate(sorted(known)):
            with self.subTest(name):
                # An account for each, so that nothing else is there.
                logs = self.server.client(f"{number + 1:012}")
                names, make, request, key = CASES[name]
                request = {**request, **(make(logs, names) or {})}
                # The model takes no page of fewer than 50 log groups, and a query no more.
                size = 50 if name == "ListLogGroupsForQuery" else 2
                found, sizes = self.pages(logs, name, model[name], request, size)
                found = [item[key] if key else item for item in found]
                if name == "DescribeQueries":
                    found = [f"q{text.split()[-1]}" for text in found]
                if name == "ListLogGroupsForQuery":
                    found = [arn.rsplit(":", 1)[1] for arn in found]
                self.assertEqual(sorted(found), names)
                self.assertLessEqual(max(sizes), size)
                self.assertGreaterEqual(len(sizes), len(names) / size)

    def pages(self, logs, name, entry, request, size):
        key = entry["result_key"]
        key = key if isinstance(key, str) else key[0]
        pages = list(logs.get_paginator(snake(name)).paginate(
            **request, PaginationConfig={"PageSize": size}))
        return [item for page in pages for item in page[key]], [len(page[key]) for page in pages]

    def test_templates_are_the_same_in_small_pages_and_in_large_ones(self):
        entry = paginators()["DescribeConfigurationTemplates"]
        found = [self.pages(self.logs, "DescribeConfigurationTemplates", entry, {}, size)[0]
                 for size in (1, 50)]
        self.assertGreater(len(found[0]), 1)
        self.assertEqual(*found)

    def test_a_stream_is_paged_both_ways_with_tokens(self):
        logs = self.server.client("999999999999")
        texts = [f"{number:02}" for number in range(25)]
        events(logs, texts)
        for forward in (True, False):
            found, token = [], None
            while True:
                page = logs.get_log_events(
                    logGroupName="/events", logStreamName="web", limit=4, startFromHead=forward,
                    **({"nextToken": token} if token else {}))
                read = [event["message"] for event in page["events"]]
                found = found + read if forward else read + found
                following = page["nextForwardToken" if forward else "nextBackwardToken"]
                if following == token:
                    break
                token = following
            self.assertEqual(found, texts)

    def test_a_token_of_nobody_is_refused(self):
        for name in ("DescribeLogGroups", "DescribeDestinations", "DescribeDeliveries"):
            with self.subTest(name), self.assertRaises(self.logs.exceptions.ClientError):
                getattr(self.logs, snake(name))(nextToken="bm9uZQ")
