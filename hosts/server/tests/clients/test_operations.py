"""Every operation that the README calls supported is called with success, and no other is."""

import json
import re

from support import ROOT, SECRET, Served, case_file, policy, run

ROOT_ARN = "arn:aws:iam::123456789012:root"
LOGS = "arn:aws:logs:us-east-1:123456789012:"
KEPT = {
    "account": policy("EmailAddress", findings="/findings"),
    "group": policy("IpAddress", name="group"),
    "app": LOGS + "log-group:/app",
    "key": "arn:aws:kms:us-east-1:123456789012:key/0b1c2d3e-0000-4000-8000-000000000000",
    "stream": "arn:aws:kinesis:us-east-1:123456789012:stream/s",
    "role": "arn:aws:iam::123456789012:role/r",
    "access": json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": ROOT_ARN},
        "Action": "logs:PutSubscriptionFilter", "Resource": LOGS + "destination:d"}]}),
    "resource": json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"},
        "Action": "logs:PutLogEvents", "Resource": LOGS + "log-group:/app:*"}]}),
    "deliver": json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": ROOT_ARN},
        "Action": "logs:CreateDelivery", "Resource": LOGS + "delivery-destination:bucket"}]}),
}


def table():
    """The README's table: operation and state."""
    text = (ROOT / "README.md").read_text()
    text = text.split("<!-- operations -->")[1].split("<!-- /operations -->")[0]
    return dict(re.findall(r"^\| ([A-Z]\w+) \| (.*) \|$", text, re.MULTILINE))


def there(steps):
    """The steps whose operations the table does not refuse."""
    states = table()
    return [step for step in steps if not states[step["call"]].startswith("not ")]


# Operations that end what has ended by then: they have to say so.
ENDED = {"CancelExportTask": "InvalidOperationException", "StopQuery": "InvalidParameterException"}


class Operations(Served):
    def test_each_operation_answers_as_the_table_says(self):
        logs = self.server.client()
        called = set()
        logs.meta.events.register(
            "after-call.cloudwatch-logs",
            lambda model, parsed, **_: called.add(model.name)
            if parsed["ResponseMetadata"]["HTTPStatusCode"] == 200
            or parsed["Error"]["Code"] == ENDED.get(model.name) else None)
        run(self, logs, there(case_file("operations.json")), KEPT)
        supported = {name for name, state in table().items() if not state.startswith("not ")}
        self.assertEqual(called, supported)

    def test_other_operations_of_the_model_are_refused_by_name(self):
        states = table()
        self.assertEqual(set(states), set(self.logs.meta.service_model.operation_names))
        for name, state in states.items():
            if not state.startswith("not "):
                continue
            with self.subTest(name):
                status, headers, error = self.server.post(json.dumps({"a": SECRET}), name)
                self.assertEqual((status, error["__type"]), (400, "UnsupportedOperationException"))
                self.assertIn(f"{name} is not supported", error["message"])
                self.assertNotIn(SECRET, error["message"])
                self.assertTrue(headers["x-amzn-RequestId"])
