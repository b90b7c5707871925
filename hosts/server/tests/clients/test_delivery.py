"""What a subscription takes arrives at Kinesis, which moto plays, masked."""

import gzip
import json
import subprocess
import sys
import unittest

from support import (
    ACCOUNT, ROOT, SECRET, SESSION, Server, group, masked, messages, policy, put, until)

TEXTS = [f"{number}: mail to {SECRET}" for number in range(30)]


class Moto:
    """Ends with its standard input."""

    def __init__(self):
        script = ROOT / "hosts/aws/tests/aws/serve_moto.py"
        self.process = subprocess.Popen(
            [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def client(self, service):
        return SESSION.client(
            service, endpoint_url=self.url, aws_access_key_id="test",
            aws_secret_access_key="test")


class Delivery(unittest.TestCase):
    def setUp(self):
        self.moto = Moto()
        self.addCleanup(self.moto.close)
        self.server = Server("--insecure-any-key", "--aws-endpoint", self.moto.url)
        self.addCleanup(self.server.close)
        self.logs = self.server.client()
        self.kinesis = self.moto.client("kinesis")
        self.kinesis.create_stream(StreamName="logs", ShardCount=1)
        self.arn = self.kinesis.describe_stream(
            StreamName="logs")["StreamDescription"]["StreamARN"]
        role = self.moto.client("iam").create_role(
            RoleName="deliver", AssumeRolePolicyDocument="{}")
        self.role = role["Role"]["Arn"]

    def payloads(self):
        stream = self.kinesis.describe_stream(StreamName="logs")["StreamDescription"]
        at = self.kinesis.get_shard_iterator(
            StreamName="logs", ShardId=stream["Shards"][0]["ShardId"],
            ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        records = self.kinesis.get_records(ShardIterator=at)["Records"]
        payloads = [json.loads(gzip.decompress(record["Data"])) for record in records]
        return [it for it in payloads if it["messageType"] == "DATA_MESSAGE"]

    def test_payloads_hold_the_masked_events_of_the_filter(self):
        group(self.logs, "/app")
        self.logs.put_data_protection_policy(
            logGroupIdentifier="/app", policyDocument=policy("EmailAddress"))
        self.logs.put_subscription_filter(
            logGroupName="/app", filterName="mails", filterPattern="mail",
            destinationArn=self.arn, roleArn=self.role)
        put(self.logs, "/app", *TEXTS, "nothing of it")

        def arrived():
            payloads = self.payloads()
            return payloads, [event for it in payloads for event in it["logEvents"]]

        payloads, events = until(arrived, lambda it: len(it[1]) >= len(TEXTS))
        self.assertEqual([event["message"] for event in events], [masked(it) for it in TEXTS])
        for payload in payloads:
            self.assertEqual(
                (payload["owner"], payload["logGroup"], payload["logStream"],
                 payload["subscriptionFilters"]), (ACCOUNT, "/app", "web", ["mails"]))
        kept = self.logs.filter_log_events(logGroupName="/app", filterPattern="mail")["events"]
        self.assertEqual([(it["id"], it["timestamp"]) for it in events],
                         [(it["eventId"], it["timestamp"]) for it in kept])

    def test_an_account_policy_subscribes_all_groups_but_some(self):
        self.logs.put_account_policy(
            policyName="all", policyType="DATA_PROTECTION_POLICY",
            policyDocument=policy("EmailAddress"))
        self.logs.put_account_policy(
            policyName="feed", policyType="SUBSCRIPTION_FILTER_POLICY",
            policyDocument=json.dumps({
                "DestinationArn": self.arn, "RoleArn": self.role, "FilterPattern": "",
                "Distribution": "Random"}),
            selectionCriteria='LogGroupName NOT IN ["/quiet"]')
        for name in ("/quiet", "/one", "/two"):
            group(self.logs, name, f"{name} {SECRET}")

        def arrived():
            return sorted(event["message"] for it in self.payloads() for event in it["logEvents"])

        expected = [masked(f"{name} {SECRET}") for name in ("/one", "/two")]
        self.assertEqual(until(arrived, lambda it: len(it) >= 2), expected)
        for payload in self.payloads():
            self.assertEqual(payload["policyLevel"], "ACCOUNT_LEVEL_POLICY")
            self.assertEqual(payload["subscriptionFilters"], ["feed"])
        self.assertEqual(messages(self.logs, "/quiet"), [masked(f"/quiet {SECRET}")])


class StrictDeliveryPolicies(unittest.TestCase):
    def test_one_statement_is_taken_unless_two_are_demanded(self):
        statement = {
            "Sid": "deliver", "Effect": "Allow", "Principal": {"AWS": "111122223333"},
            "Action": "logs:CreateDelivery",
            "Resource": f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-destination:d"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        for options, taken in [((), True), (("--strict-delivery-policies",), False)]:
            server = Server("--insecure-any-key", *options)
            self.addCleanup(server.close)
            logs = server.client()
            logs.put_delivery_destination(
                name="d",
                deliveryDestinationConfiguration={"destinationResourceArn": "arn:aws:s3:::bucket"})
            put_policy = logs.put_delivery_destination_policy
            parameters = {"deliveryDestinationName": "d", "deliveryDestinationPolicy": document}
            if taken:
                put_policy(**parameters)
            else:
                with self.assertRaises(logs.exceptions.ValidationException):
                    put_policy(**parameters)
