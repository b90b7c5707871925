"""The two sample requests of PutAccountPolicy's page: refused by name as they are printed, taken
when they are mended after the page's own table of parameters."""

import json

from support import IDENTIFIERS, Served, run

NAMES = [IDENTIFIERS + "EmailAddress", IDENTIFIERS + "DriversLicense-US"]

PROTECTION = {
    "Description": "test description",
    "Version": "2021-06-01",
    "Statement": [
        {
            "Sid": "audit-policy test",
            "DataIdentifier": NAMES,
            "Operation": {"Audit": {"FindingsDestination": {
                "CloudWatchLogs": {"LogGroup": "EXISTING_LOG_GROUP_IN_YOUR_ACCOUNT"},
                "Firehose": {"DeliveryStream": "EXISTING_STREAM_IN_YOUR_ACCOUNT"},
                "S3": {"Bucket": "existing-bucket"},
            }}},
        },
        {
            "Sid": "redact-policy",
            "DataIdentifier": NAMES,
            "Operation": {"Deidentify": {"MaskConfig": {}}},
        },
    ],
}
PARTED = {**PROTECTION, "Statement": [
    PROTECTION["Statement"][0], {**PROTECTION["Statement"][1], "DataIdentifier": NAMES[:1]}]}
MASKING_TOLD = {**PROTECTION, "Statement": [
    PROTECTION["Statement"][0],
    {**PROTECTION["Statement"][1], "Operation": {"Deidentify": {"MaskConfig": {"With": "x"}}}}]}

SUBSCRIPTION = {
    "DestinationArn": "arn:aws:kinesis:us-east-1:123456789012:stream/TestStream",
    "RoleArn": "arn:aws:iam::123456789012:role/CWLtoKinesisRole",
    "FilterPattern": "ERROR",
    "Distribution": "Random",
}
CRITERIA = 'LogGroupName NOT IN ["LogGroupToExclude1", "LogGroupToExclude2"]'


def protection(document, policy_type="DATA_PROTECTION_POLICY", **more):
    return {"policyName": "my_global_data_protection_policy", "policyType": policy_type,
            "policyDocument": document, **more}


def subscription(document, criteria=CRITERIA):
    return {"policyName": "ExamplePolicy", "policyType": "SUBSCRIPTION_FILTER_POLICY",
            "policyDocument": document, "selectionCriteria": criteria}


# The request, the error, and what the error names.
REFUSED = {
    "as printed": (protection(PROTECTION, "GLOBAL"),
                   "SerializationException", "policyDocument"),
    "a type that there is not": (protection(json.dumps(PROTECTION), "GLOBAL"),
                                 "InvalidParameterException", "policyType"),
    "a document that is no text": (protection(PROTECTION),
                                   "SerializationException", "policyDocument"),
    "identifiers that differ": (protection(json.dumps(PARTED)),
                                "InvalidParameterException", "DataIdentifier"),
    "a mask of one's own": (protection(json.dumps(MASKING_TOLD)),
                            "InvalidParameterException", "MaskConfig"),
    "protection of some log groups": (
        protection(json.dumps(PROTECTION), selectionCriteria=CRITERIA),
        "InvalidParameterException", "selectionCriteria"),
    "the other, as printed but for its quotes": (
        subscription(SUBSCRIPTION), "SerializationException", "policyDocument"),
    "criteria in single quotes": (
        subscription(json.dumps(SUBSCRIPTION), CRITERIA.replace('"', "'")),
        "InvalidParameterException", "selectionCriteria"),
    "criteria with their quotes": (
        subscription(json.dumps(SUBSCRIPTION), f"'{CRITERIA}'"),
        "InvalidParameterException", "selectionCriteria"),
}

# Single quotes around the criteria are no JSON at all.
NO_JSON = (json.dumps(subscription(SUBSCRIPTION, "@"))
           .replace('"@"', f"'{CRITERIA}'").encode())


class Samples(Served):
    def test_what_is_printed_is_refused_by_name(self):
        loose = self.server.client(validated=False)
        loose.create_log_group(logGroupName="EXISTING_LOG_GROUP_IN_YOUR_ACCOUNT")
        for name, (request, code, place) in REFUSED.items():
            with self.subTest(name):
                status, headers, error = self.server.post(
                    json.dumps(request), "PutAccountPolicy")
                self.assertEqual((status, error["__type"]), (400, code), error)
                self.assertIn(place, error["message"])
                self.assertNotIn("LogGroupToExclude", error["message"])
                self.assertNotIn("existing-bucket", error["message"])
                self.assertTrue(headers["x-amzn-RequestId"])
                # botocore sends no structure where the model has a text, whatever it is told.
                if isinstance(request["policyDocument"], str):
                    run(self, loose, [
                        {"call": "PutAccountPolicy", "with": request, "fails": code,
                         "says": place}])

    def test_what_is_no_json_is_refused(self):
        status, _, error = self.server.post(NO_JSON, "PutAccountPolicy")
        self.assertEqual((status, error["__type"]), (400, "SerializationException"))

    def test_mended_both_are_taken_and_shown_as_they_were_put(self):
        logs = self.server.client(region="eu-west-1")
        logs.create_log_group(logGroupName="EXISTING_LOG_GROUP_IN_YOUR_ACCOUNT")
        subscribed = json.dumps(SUBSCRIPTION).replace(self.logs.meta.region_name, "eu-west-1")
        for request in (protection(json.dumps(PROTECTION)), subscription(subscribed)):
            shown = {**request, "accountId": "123456789012", "scope": "ALL",
                     "lastUpdatedTime": "$any"}
            asked = {name: request[name] for name in ("policyName", "policyType")}
            run(self, logs, [
                {"call": "PutAccountPolicy", "with": request, "shows": {"accountPolicy": shown}},
                {"call": "DescribeAccountPolicies", "with": asked,
                 "shows": {"accountPolicies": [shown]}},
                {"call": "DeleteAccountPolicy", "with": asked},
                {"call": "DescribeAccountPolicies", "with": asked,
                 "shows": {"accountPolicies": []}},
                {"call": "DeleteAccountPolicy", "with": asked,
                 "fails": "ResourceNotFoundException"},
            ])
