"""What is refused: under the right name, with a status and a request id, and without a quote."""

import gzip
import json

from support import SECRET, Served, case_file, run
from test_operations import KEPT, there

GOOD = json.dumps({"logGroupNamePrefix": "x"})

# A request that no SDK makes: its body, its target, its headers, and the answer.
MALFORMED = {
    "no target": (GOOD, None, {}, 400, "UnknownOperationException"),
    "an operation of nobody": (GOOD, "Describe", {}, 400, "UnknownOperationException"),
    "no JSON": ("{", "DescribeLogGroups", {}, 400, "SerializationException"),
    "a list": ("[]", "DescribeLogGroups", {}, 400, "SerializationException"),
    "no gzip": (GOOD, "DescribeLogGroups", {"Content_Encoding": "gzip"},
                400, "SerializationException"),
    "another encoding": (GOOD, "DescribeLogGroups", {"Content_Encoding": "br"},
                         415, "UnsupportedMediaTypeException"),
    "another type": (GOOD, "DescribeLogGroups", {"Content_Type": "text/plain"},
                     415, "UnsupportedMediaTypeException"),
}


class Errors(Served):
    def test_calls_are_refused_under_the_right_name(self):
        loose = self.server.client(validated=False)
        run(self, loose, there(case_file("errors.json")), KEPT)

    def test_malformed_requests_are_refused_with_a_request_id(self):
        for name, (body, target, headers, status, code) in MALFORMED.items():
            with self.subTest(name):
                found, told, error = self.server.post(body, target, **headers)
                self.assertEqual((found, error["__type"]), (status, code), error)
                self.assertTrue(error["message"])
                self.assertTrue(told["x-amzn-RequestId"])

    def test_a_compressed_request_is_read(self):
        body = gzip.compress(GOOD.encode())
        status, headers, answer = self.server.post(
            body, "DescribeLogGroups", Content_Encoding="gzip")
        self.assertEqual((status, answer), (200, {"logGroups": []}))
        self.assertTrue(headers["x-amzn-RequestId"])

    def test_what_is_wrong_is_not_quoted(self):
        for target, request in {
            "PutLogEvents": {"logGroupName": "g", "logStreamName": "s", "logEvents": [SECRET]},
            "FilterLogEvents": {"logGroupName": "g", "filterPattern": [SECRET]},
            "PutAccountPolicy": {"policyName": "p", "policyType": "DATA_PROTECTION_POLICY",
                                 "policyDocument": {SECRET: SECRET}},
            "PutDataProtectionPolicy": {"logGroupIdentifier": "g", "policyDocument": SECRET},
        }.items():
            with self.subTest(target):
                status, _, error = self.server.post(json.dumps(request), target)
                self.assertEqual(status, 400)
                self.assertNotIn(SECRET, error["message"])
