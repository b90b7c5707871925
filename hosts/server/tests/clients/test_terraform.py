"""The calls that Terraform's AWS provider makes for its resources: what is read is what was
written, and what is gone is gone under the error that it expects."""

import json

from support import Served, case_file, policy, run
from test_operations import KEPT, there

KEPT = {
    **KEPT,
    "other": policy("EmailAddress", "IpAddress", name="other"),
    "subscription": json.dumps({
        "DestinationArn": KEPT["stream"], "RoleArn": KEPT["role"], "FilterPattern": "ERROR",
        "Distribution": "ByLogStream"}),
    "resource": json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "tf", "Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"},
        "Action": ["logs:PutLogEvents", "logs:CreateLogStream"],
        "Resource": "arn:aws:logs:*"}]}),
    "tf_access": KEPT["access"].replace("destination:d", "destination:tf"),
    "tf_deliver": KEPT["deliver"].replace("destination:bucket", "destination:tf"),
}


class Terraform(Served):
    def test_a_resource_is_made_read_changed_and_removed_without_drift(self):
        for resource, steps in case_file("terraform.json").items():
            # A resource is the provider's whole sequence, or it is not there.
            if there(steps) == steps:
                with self.subTest(resource):
                    run(self, self.logs, steps, KEPT)
        left = self.logs.describe_log_groups()["logGroups"]
        self.assertEqual([it["logGroupName"] for it in left], [])
