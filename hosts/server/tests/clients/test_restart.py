"""What was acknowledged outlives the server, however it ends."""

import tempfile
import unittest
from pathlib import Path

from support import SECRET, Server, group, masked, messages, policy, put, until


class Restart(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.close)

    def test_killed_and_started_again_it_has_what_it_acknowledged(self):
        logs = self.server.client()
        document = policy("EmailAddress")
        for name in ("/a", "/b"):
            group(logs, name, tags={"of": name})
        logs.put_account_policy(
            policyName="all", policyType="DATA_PROTECTION_POLICY", policyDocument=document)
        logs.put_data_protection_policy(
            logGroupIdentifier="/b", policyDocument=policy("IpAddress"))
        logs.put_retention_policy(logGroupName="/b", retentionInDays=7)
        expected = {"/a": [], "/b": []}
        for life in range(4):
            for name in expected:
                texts = [f"{life}.{number} of {SECRET}" for number in range(20)]
                for text in texts:
                    put(logs, name, text)
                    expected[name].append(masked(text))
            self.server.end(kill=True)
            self.server.start()
            logs = self.server.client()
            for name, texts in expected.items():
                self.assertEqual(messages(logs, name), texts)
        found = logs.describe_account_policies(policyType="DATA_PROTECTION_POLICY")
        self.assertEqual(found["accountPolicies"][0]["policyDocument"], document)
        found = logs.describe_log_groups(logGroupNamePrefix="/b")["logGroups"][0]
        self.assertEqual(found["retentionInDays"], 7)
        self.assertEqual(found["dataProtectionStatus"], "ACTIVATED")
        self.assertEqual(logs.list_tags_log_group(logGroupName="/a")["tags"], {"of": "/a"})

    def test_ended_in_order_it_leaves_what_is_read_later(self):
        logs = self.server.client()
        group(logs, "/a", "first")
        self.server.end()
        self.server.start()
        put(self.server.client(), "/a", "second")
        self.assertEqual(messages(self.server.client(), "/a"), ["first", "second"])

    def test_originals_under_a_key_file_are_read_after_a_kill(self):
        from test_masking import credentials
        with tempfile.TemporaryDirectory() as folder:
            server = Server("--credentials", str(credentials(folder)),
                            "--key-file", str(Path(folder) / "keys"))
            self.addCleanup(server.close)
            admin = server.client("ADMIN")
            group(admin, "/app")
            admin.put_data_protection_policy(
                logGroupIdentifier="/app", policyDocument=policy("EmailAddress"))
            put(admin, "/app", SECRET)
            server.end(kill=True)
            server.start()
            self.assertEqual(messages(server.client("READER"), "/app"), [masked(SECRET)])
            officer = server.client("OFFICER")
            self.assertEqual(messages(officer, "/app", unmask=True), [SECRET])
