"""Accounts and Regions side by side do not see each other."""

from concurrent.futures import ThreadPoolExecutor

from support import SECRET, Served, group, masked, messages, policy, put, refused

HOMES = [(account, region) for account in ("111111111111", "222222222222", "333333333333")
         for region in ("us-east-1", "eu-west-1")]


class SideBySide(Served):
    def test_each_home_has_its_own_groups_policies_and_events(self):
        def live(number):
            account, region = HOMES[number]
            logs = self.server.client(account, region=region)
            if number % 2:
                logs.put_account_policy(
                    policyName=account, policyType="DATA_PROTECTION_POLICY",
                    policyDocument=policy("EmailAddress"))
            group(logs, "/app")
            group(logs, f"/of/{number}")
            for event in range(20):
                put(logs, "/app", f"{number}.{event} {SECRET}")
            return logs

        with ThreadPoolExecutor(len(HOMES)) as threads:
            clients = list(threads.map(live, range(len(HOMES))))
        for number, (account, region) in enumerate(HOMES):
            logs = clients[number]
            with self.subTest(account=account, region=region):
                texts = [f"{number}.{event} {SECRET}" for event in range(20)]
                if number % 2:
                    texts = [masked(text) for text in texts]
                self.assertEqual(messages(logs, "/app"), texts)
                groups = logs.describe_log_groups()["logGroups"]
                self.assertEqual([it["logGroupName"] for it in groups],
                                 ["/app", f"/of/{number}"])
                arn = f"arn:aws:logs:{region}:{account}:log-group:/app"
                self.assertEqual(groups[0]["logGroupArn"], arn)
                policies = logs.describe_account_policies(policyType="DATA_PROTECTION_POLICY")
                self.assertEqual([it["policyName"] for it in policies["accountPolicies"]],
                                 [account] if number % 2 else [])

    def test_many_write_to_one_stream_and_nothing_is_lost(self):
        logs = self.server.client("444444444444")
        group(logs, "/app")
        texts = [f"{number:04}" for number in range(200)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda text: put(logs, "/app", text), texts))
        self.assertEqual(sorted(messages(logs, "/app")), texts)

    def test_a_group_of_another_region_is_not_there(self):
        group(self.server.client("555555555555", region="eu-west-1"), "/app", "text")
        for client, name in (
            (self.server.client("555555555555"),
             "arn:aws:logs:eu-west-1:555555555555:log-group:/app"),
            (self.server.client("666666666666"), "/app"),
        ):
            refused(self, client, "FilterLogEvents", {"logGroupIdentifier": name},
                    "ResourceNotFoundException")
