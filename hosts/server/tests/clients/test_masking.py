"""Two policies, who may see beneath them, and who may not."""

import json
import tempfile
from pathlib import Path

from support import (
    SECRET, Served, call, group, masked, messages, pointer, policy, put, refused, until)

ADDRESS = "192.0.2.77"
TEXTS = (f"mail to {SECRET} sent", f"from {ADDRESS} to {SECRET}", "nothing to see")
MASKED = tuple(masked(masked(text), ADDRESS) for text in TEXTS)


def allow(*actions, resource="*", effect="Allow"):
    return {"Effect": effect, "Action": list(actions), "Resource": resource}


READ = allow("logs:GetLog*", "logs:FilterLogEvents", "logs:Describe*")
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:"
PRINCIPALS = {
    "ADMIN": [allow("*"), allow("logs:Unmask", effect="Deny")],
    "READER": [READ],
    "OFFICER": [READ, allow("logs:Unmask", resource=GROUP + "/app:*")],
    "NOBODY": [],
}

# How a message is read, with or without `unmask`.
READS = {
    "GetLogEvents": {"logGroupName": "/app", "logStreamName": "web", "startFromHead": True},
    "GetLogEvents by ARN": {"logGroupIdentifier": GROUP + "/app", "logStreamName": "web",
                            "startFromHead": True},
    "FilterLogEvents": {"logGroupName": "/app"},
    "FilterLogEvents by ARN": {"logGroupIdentifier": GROUP + "/app", "filterPattern": ""},
}

# Patterns that only the text under the asterisks matches.
ORACLES = (f'"{SECRET}"', '"jane"', "%jane[.]doe%", f'"{ADDRESS}"', "?jane ?192", "%[0-9]{3}%")


def credentials(folder):
    path = Path(folder) / "credentials.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"principals": [{
        "arn": f"arn:aws:iam::123456789012:user/{name.lower()}",
        "accessKeys": [{"accessKeyId": name, "secretAccessKey": "secret"}],
        "policies": [{"Version": "2012-10-17", "Statement": statements}] if statements else [],
    } for name, statements in PRINCIPALS.items()]}))
    return path


class Masking(Served):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        keys = Path(folder.name) / "keys"
        cls.options = ("--credentials", str(credentials(folder.name)), "--key-file", str(keys))
        super().setUpClass()
        cls.admin, cls.reader, cls.officer, cls.nobody = map(cls.server.client, PRINCIPALS)
        for name in ("/app", "/other", "/findings"):
            group(cls.admin, name)
        cls.admin.put_account_policy(
            policyName="all", policyType="DATA_PROTECTION_POLICY",
            policyDocument=policy("EmailAddress", findings="/findings"))
        cls.admin.put_data_protection_policy(
            logGroupIdentifier="/app", policyDocument=policy("IpAddress", findings="/findings"))
        put(cls.admin, "/app", *TEXTS)
        put(cls.admin, "/other", *TEXTS)

    def read(self, client, name, **more):
        answer = call(client, name.split()[0], {**READS[name], **more})
        return [event["message"] for event in answer["events"]]

    def test_reads_are_masked_by_both_policies(self):
        for client in (self.admin, self.reader, self.officer):
            for name in READS:
                with self.subTest(name):
                    self.assertEqual(self.read(client, name), list(MASKED))
                    self.assertEqual(self.read(client, name, unmask=False), list(MASKED))

    def test_the_account_policy_alone_masks_other_groups(self):
        self.assertEqual(messages(self.reader, "/other"), [masked(text) for text in TEXTS])

    def test_whoever_may_unmask_sees_the_originals_of_that_group_only(self):
        for name in READS:
            self.assertEqual(self.read(self.officer, name, unmask=True), list(TEXTS), name)
        other = {"logGroupName": "/other", "logStreamName": "web", "unmask": True}
        refused(self, self.officer, "GetLogEvents", other, "AccessDeniedException")

    def test_others_are_refused_before_anything_is_looked_up(self):
        missing = {"logGroupName": "/none", "logStreamName": "none", "unmask": True}
        for client in (self.admin, self.reader, self.nobody):
            for name, request in READS.items():
                refused(self, client, name.split()[0], {**request, "unmask": True},
                        "AccessDeniedException")
            refused(self, client, "GetLogEvents", missing, "AccessDeniedException")

    def test_whoever_may_nothing_gets_nothing(self):
        for name, request in READS.items():
            error = refused(
                self, self.nobody, name.split()[0], request, "AccessDeniedException")
            self.assertIn("user/nobody", error["Message"])

    def test_a_record_is_masked_and_unmasked(self):
        found = self.reader.filter_log_events(logGroupName="/app")["events"]
        for event, text, shown in zip(found, TEXTS, MASKED, strict=True):
            asked = {"logRecordPointer": pointer(event["eventId"], "/app", "web")}
            record = self.reader.get_log_record(**asked)["logRecord"]
            self.assertEqual(record["@message"], shown)
            record = self.officer.get_log_record(**asked, unmask=True)["logRecord"]
            self.assertEqual(record["@message"], text)
            refused(self, self.reader, "GetLogRecord", {**asked, "unmask": True},
                    "AccessDeniedException")

    def test_a_filter_is_no_oracle(self):
        for pattern in ORACLES:
            with self.subTest(pattern):
                self.assertEqual(
                    self.read(self.reader, "FilterLogEvents", filterPattern=pattern), [])
                found = self.read(
                    self.officer, "FilterLogEvents", filterPattern=pattern, unmask=True)
                self.assertTrue(found)
                refused(self, self.reader, "FilterLogEvents",
                        {"logGroupName": "/app", "filterPattern": pattern, "unmask": True},
                        "AccessDeniedException")

    def test_findings_say_where_and_never_what(self):
        def found():
            events = self.reader.filter_log_events(logGroupName="/findings")["events"]
            return [json.loads(event["message"]) for event in events]

        # Two events of two groups by the account's policy, one by the group's.
        findings = until(found, lambda findings: len(findings) >= 5)
        self.assertEqual(len(findings), 5, findings)
        first = {json.dumps(finding["dataIdentifiers"]) for finding in findings
                 if finding["resourceArn"] == GROUP + "/other:*"}
        start = TEXTS[0].index(SECRET)
        self.assertIn(json.dumps([{"name": "EmailAddress", "count": 1, "detections": [
            {"start": start, "end": start + len(SECRET)}]}]), first)
        self.assertNotIn(SECRET, json.dumps(findings))
        self.assertNotIn(ADDRESS, json.dumps(findings))

    def test_findings_lie_in_a_stream_that_is_read_by_name(self):
        def streams():
            page = self.reader.describe_log_streams(logGroupName="/findings")
            return [it["logStreamName"] for it in page["logStreams"] if "lastIngestionTime" in it]

        names = until(streams, lambda names: len(names) >= 2)
        read = [text for name in names for text in messages(self.reader, "/findings", name)]
        self.assertTrue(read)
        for text in read:
            self.assertEqual(
                set(json.loads(text)), {"auditTimestamp", "resourceArn", "dataIdentifiers"})

    def test_a_wrong_key_or_secret_is_refused(self):
        request = {"logGroupName": "/app"}
        for key, secret, code in (
            ("NOBODYELSE", "secret", "UnrecognizedClientException"),
            ("OFFICER", "secret2", "InvalidSignatureException"),
        ):
            client = self.server.client(key, secret)
            refused(self, client, "FilterLogEvents", request, code)
        status, headers, error = self.server.post(json.dumps(request), "FilterLogEvents")
        self.assertEqual((status, error["__type"]), (400, "MissingAuthenticationTokenException"))
        self.assertTrue(headers["x-amzn-RequestId"])

    def test_policies_are_not_changed_by_readers(self):
        refused(self, self.reader, "DeleteDataProtectionPolicy", {"logGroupIdentifier": "/app"},
                "AccessDeniedException")
        refused(self, self.reader, "PutAccountPolicy",
                {"policyName": "all", "policyType": "DATA_PROTECTION_POLICY",
                 "policyDocument": policy("Address")}, "AccessDeniedException")
        self.assertEqual(self.read(self.reader, "GetLogEvents"), list(MASKED))
