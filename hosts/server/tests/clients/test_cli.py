"""The AWS CLI, as it is installed."""

import json
import subprocess
import sys
from pathlib import Path

import jmespath

from support import (
    ACCOUNT, ENVIRONMENT, REGION, SECRET, Served, masked, now_ms, policy, until)
from test_operations import KEPT, table

AWS = Path(sys.executable).parent / "aws"
TEXT = f"mail to {SECRET}"

# Commands in order, and what of their answers is looked at: JMESPath, value.
COMMANDS = [
    (["create-log-group", "--log-group-name", "/cli", "--tags", "team=a"], None, None),
    (["create-log-stream", "--log-group-name", "/cli", "--log-stream-name", "web"], None, None),
    (["put-retention-policy", "--log-group-name", "/cli", "--retention-in-days", "30"],
     None, None),
    (["put-data-protection-policy", "--log-group-identifier", "/cli", "--policy-document",
      policy("EmailAddress")], "logGroupIdentifier", "/cli"),
    (["get-data-protection-policy", "--log-group-identifier", "/cli"],
     "policyDocument", policy("EmailAddress")),
    (["describe-log-groups", "--log-group-name-prefix", "/cli"],
     "logGroups[0].[retentionInDays, dataProtectionStatus]", [30, "ACTIVATED"]),
    (["put-log-events", "--log-group-name", "/cli", "--log-stream-name", "web", "--log-events",
      "file://{events}"], "rejectedLogEventsInfo", None),
    (["get-log-events", "--log-group-name", "/cli", "--log-stream-name", "web"],
     "events[].message", [masked(TEXT), "ERROR two"]),
    (["get-log-events", "--log-group-name", "/cli", "--log-stream-name", "web", "--unmask"],
     "events[].message", [TEXT, "ERROR two"]),
    (["filter-log-events", "--log-group-name", "/cli", "--filter-pattern", "ERROR"],
     "events[].message", ["ERROR two"]),
    (["filter-log-events", "--log-group-name", "/cli", "--filter-pattern", '"jane"'],
     "events", []),
    (["filter-log-events", "--log-group-name", "/cli", "--page-size", "1"],
     "events[].message", [masked(TEXT), "ERROR two"]),
    (["describe-log-streams", "--log-group-name", "/cli"],
     "logStreams[].logStreamName", ["web"]),
    (["test-metric-filter", "--filter-pattern", "ERROR", "--log-event-messages", "ERROR", "x"],
     "matches[].eventNumber", [1]),
    (["put-subscription-filter", "--log-group-name", "/cli", "--filter-name", "f",
      "--filter-pattern", "", "--destination-arn", KEPT["stream"], "--role-arn", KEPT["role"]],
     None, None),
    (["describe-subscription-filters", "--log-group-name", "/cli"],
     "subscriptionFilters[].filterName", ["f"]),
    (["put-account-policy", "--policy-name", "all", "--policy-type", "DATA_PROTECTION_POLICY",
      "--policy-document", policy("EmailAddress")], "accountPolicy.policyName", "all"),
    (["describe-account-policies", "--policy-type", "DATA_PROTECTION_POLICY"],
     "accountPolicies[].policyName", ["all"]),
    (["list-tags-for-resource", "--resource-arn",
      f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/cli"], "tags", {"team": "a"}),
]


class Cli(Served):
    def aws(self, *arguments, fails=False):
        done = subprocess.run(
            [AWS, "logs", *arguments], text=True, capture_output=True, timeout=120,
            env={**ENVIRONMENT, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": self.server.url,
                 "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret",
                 "AWS_DEFAULT_REGION": REGION, "AWS_CONFIG_FILE": "/dev/null",
                 "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
                 "AWS_PAGER": "", "AWS_DEFAULT_OUTPUT": "json"})
        self.assertEqual(done.returncode != 0, fails, done.stderr)
        return done.stderr if fails else done.stdout

    def test_commands_do_what_they_say(self):
        events = Path(self.server.folder.name) / "events.json"
        now = now_ms()
        events.write_text(json.dumps([
            {"timestamp": now, "message": TEXT}, {"timestamp": now + 1, "message": "ERROR two"}]))
        for command, path, expected in COMMANDS:
            with self.subTest(command[0]):
                command = [part.replace("{events}", str(events)) for part in command]
                text = self.aws(*command)
                if path is None:
                    self.assertEqual(text, "")
                else:
                    self.assertEqual(jmespath.search(path, json.loads(text)), expected)
        if not table()["StartQuery"].startswith("not "):
            self.ask_a_query(now // 1000)

    def ask_a_query(self, now):
        with self.subTest("start-query"):
            answer = json.loads(self.aws(
                "start-query", "--log-group-name", "/cli", "--start-time", str(now - 60),
                "--end-time", str(now + 60), "--query-string",
                "fields @message | sort @timestamp asc"))

            def results():
                return json.loads(self.aws(
                    "get-query-results", "--query-id", answer["queryId"]))

            found = until(results, lambda it: it["status"] == "Complete")["results"]
            found = [{cell["field"]: cell["value"] for cell in row} for row in found]
            self.assertEqual([row["@message"] for row in found], [masked(TEXT), "ERROR two"])

    def test_errors_are_named(self):
        told = self.aws("describe-log-streams", "--log-group-name", "/none", fails=True)
        self.assertIn("ResourceNotFoundException", told)
        told = self.aws("put-retention-policy", "--log-group-name", "/none",
                        "--retention-in-days", "2", fails=True)
        self.assertIn("InvalidParameterException", told)
