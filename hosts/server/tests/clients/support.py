"""A server of the program under test, clients of it, and what every answer is held against."""

import base64
import http.client
import json
import os
import re
import string
import subprocess
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

import boto3
import jmespath
from botocore.config import Config
from botocore.exceptions import ClientError

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[3]
ACCOUNT, REGION = "123456789012", "us-east-1"
IDENTIFIERS = "arn:aws:dataprotection::aws:data-identifier/"

# What no answer shows without a grant, and no line of log at all.
SECRET = "jane.doe@example.com"

SESSION = boto3.session.Session(region_name=REGION)
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}


def case_file(name):
    return json.loads((FOLDER / "cases" / name).read_text())


class Server:
    """`logveil serve` on a free port. Its log may hold nothing that is masked."""

    def __init__(self, *options, program=None):
        self.folder = tempfile.TemporaryDirectory(prefix="logveil-clients-")
        self.data = Path(self.folder.name) / "data"
        self.log = Path(self.folder.name) / "log"
        self.program = program or os.environ["LOGVEIL"]
        self.options = options or ("--insecure-any-key",)
        self.start()

    def start(self):
        command = [self.program, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "-v"]
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*map(str, command), *self.options],
                env={**ENVIRONMENT, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                     "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": REGION},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def address():
            found = re.search("listening on (http[^ ]*)\n", self.log.read_text()[before:])
            return found and found[1]

        self.url = until(address, lambda found: found or self.process.poll() is not None)
        assert self.url, f"it does not start:\n{self.log.read_text()}"

    def end(self, kill=False):
        (self.process.kill if kill else self.process.terminate)()
        code = self.process.wait(timeout=60)
        assert kill or code == 0, f"ended with {code}:\n{self.log.read_text()}"

    def close(self):
        self.end()
        log = self.log.read_text()
        self.folder.cleanup()
        assert SECRET not in log, "the log holds what is masked"
        assert "panicked" not in log, log

    def client(self, key=ACCOUNT, secret="secret", region=REGION, validated=True):
        config = Config(parameter_validation=validated, retries={"total_max_attempts": 1})
        client = SESSION.client(
            "logs", endpoint_url=self.url, region_name=region, config=config,
            aws_access_key_id=key, aws_secret_access_key=secret)
        client.meta.events.register("before-parse.cloudwatch-logs", hold)
        return client

    def post(self, body, target=None, **headers):
        """A request of no SDK's making: its status, its headers and its answer."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=30)
        told = {"Content-Type": "application/x-amz-json-1.1"}
        if target is not None:
            told["X-Amz-Target"] = "Logs_20140328." + target
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/", body, told)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(text)


class Served(unittest.TestCase):
    """Tests that share a server."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options)
        cls.addClassCleanup(cls.server.close)
        cls.logs = cls.server.client()


def hold(response_dict, operation_model, **_):
    """Every answer has a request id; its members are those of the model, of the model's types."""
    headers, status = response_dict["headers"], response_dict["status_code"]
    name = operation_model.name
    assert headers.get("x-amzn-RequestId"), f"{name}: no request id"
    assert headers.get("Content-Type") == "application/x-amz-json-1.1", f"{name}: {headers}"
    body = json.loads(response_dict["body"] or b"{}")
    if status == 200:
        hold_shape(name, body, operation_model.output_shape)
    else:
        assert set(body) >= {"__type", "message"}, f"{name}: an error has {sorted(body)}"


TYPES = {"string": str, "boolean": bool, "integer": int, "long": int, "double": (int, float),
         "structure": dict, "map": dict, "list": list}


def hold_shape(place, value, shape):
    if shape is None:
        assert value == {}, f"{place}: an answer without members has some"
        return
    kind = TYPES[shape.type_name]
    right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    assert right, f"{place} is no {shape.type_name}"
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), f"{place}: {set(value) - set(shape.members)}"
        assert set(value) >= set(shape.required_members), f"{place}: {sorted(value)}"
        for member, inner in value.items():
            hold_shape(f"{place}.{member}", inner, shape.members[member])
    elif shape.type_name == "list":
        for inner in value:
            hold_shape(f"{place}[]", inner, shape.member)
    elif shape.type_name == "map":
        for key, inner in value.items():
            hold_shape(f"{place} (key)", key, shape.key)
            hold_shape(f"{place}.*", inner, shape.value)
    elif shape.type_name == "string" and shape.enum:
        assert value in shape.enum, f"{place} is {value}"


def run(test, client, steps, kept=None):
    """Does the steps of a case, in order. A step is

    {"call": operation, "with": parameters,
     "shows": {JMESPath: value}, "keep": {name: JMESPath}, "fails": code, "says": text,
     "until": true}

    where a text may hold $name of what was kept, {"$json": …} is the text of a document,
    {"$pointer": …} what `pointer` makes, and "$any" is expected where anything may stand,
    "$maybe" where nothing may as well. "until" asks again until it shows what it should.
    """
    now = now_ms()
    kept = {"now": now, "later": now + 60_000, "earlier_s": now // 1000 - 60,
            "later_s": now // 1000 + 60, "secret": SECRET, **(kept or {})}
    for number, step in enumerate(steps, 1):
        with test.subTest(step=number, call=step["call"]):
            step_of(test, client, step, kept)
    return kept


def step_of(test, client, step, kept):
    parameters = filled(step.get("with", {}), kept)
    if "fails" in step:
        error = refused(test, client, step["call"], parameters, step["fails"])
        test.assertIn(filled(step.get("says", ""), kept), error["Message"])
        return

    def shown():
        answer = call(client, step["call"], parameters)
        answer.pop("ResponseMetadata")
        expected = filled(step.get("shows", {}), kept)
        return answer, {path: search(path, answer) for path in expected}, expected

    answer, found, expected = shown()
    if step.get("until"):
        answer, found, expected = until(shown, lambda it: same(it[1], it[2]))
    test.assertTrue(same(found, expected), f"\nfound {found}\nexpected {expected}")
    for name, path in step.get("keep", {}).items():
        kept[name] = search(path, answer)
        test.assertIsNotNone(kept[name], f"{path} is not there: {answer}")


def call(client, operation, parameters):
    return getattr(client, snake(operation))(**parameters)


def refused(test, client, operation, parameters, code, status=400):
    """The error that a call ends in, which is of the right class, status and form."""
    with test.assertRaises(ClientError) as raised:
        call(client, operation, parameters)
    answer = raised.exception.response
    test.assertEqual(answer["Error"]["Code"], code, answer["Error"])
    test.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], status)
    test.assertTrue(answer["ResponseMetadata"]["RequestId"])
    modelled = getattr(client.exceptions, code, None)
    if modelled:
        test.assertIsInstance(raised.exception, modelled)
    test.assertNotIn(SECRET, json.dumps(answer["Error"]))
    return answer["Error"]


def snake(operation):
    from botocore import xform_name
    return xform_name(operation)


def search(path, answer):
    return answer if path == "@" else jmespath.search(path, answer)


def filled(value, kept):
    if isinstance(value, str):
        if value[:1] == "$" and value[1:] in kept:
            return kept[value[1:]]
        return string.Template(value).safe_substitute(kept)
    if isinstance(value, list):
        return [filled(item, kept) for item in value]
    if isinstance(value, dict):
        if set(value) == {"$json"}:
            return json.dumps(filled(value["$json"], kept))
        if set(value) == {"$pointer"}:
            return pointer(*filled(value["$pointer"], kept))
        return {name: filled(item, kept) for name, item in value.items()}
    return value


def same(found, expected):
    if expected in ("$any", "$maybe"):
        return found is not None
    if isinstance(expected, dict) and isinstance(found, dict):
        there = {name: it for name, it in expected.items() if it != "$maybe" or name in found}
        return set(found) == set(there) and all(same(found[name], there[name]) for name in found)
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return type(found) is type(expected) and found == expected


def until(ask, enough, seconds=60):
    """Asks until the answer is enough, or time is up; gives the last answer."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if enough(answer) or time.monotonic() > deadline:
            return answer


def now_ms():
    return time.time_ns() // 1_000_000


def policy(*names, findings=None, name="clients"):
    """The document of a data protection policy."""
    identifiers = [IDENTIFIERS + name for name in names]
    destination = {"CloudWatchLogs": {"LogGroup": findings}} if findings else {}
    return json.dumps({"Name": name, "Version": "2021-06-01", "Statement": [
        {"Sid": "audit", "DataIdentifier": identifiers,
         "Operation": {"Audit": {"FindingsDestination": destination}}},
        {"Sid": "mask", "DataIdentifier": identifiers,
         "Operation": {"Deidentify": {"MaskConfig": {}}}}]})


def group(client, name, *messages, stream="web", **parameters):
    """A log group with a stream that holds the messages."""
    client.create_log_group(logGroupName=name, **parameters)
    client.create_log_stream(logGroupName=name, logStreamName=stream)
    if messages:
        put(client, name, *messages, stream=stream)


def put(client, name, *messages, stream="web"):
    now = now_ms()
    events = [{"timestamp": now + at, "message": text} for at, text in enumerate(messages)]
    answer = client.put_log_events(logGroupName=name, logStreamName=stream, logEvents=events)
    assert "rejectedLogEventsInfo" not in answer, answer


def pointer(event_id, log_group, stream):
    """What GetLogRecord takes, as `@ptr` of a query has it."""
    text = f"{event_id}:{log_group}:{stream}".encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def messages(client, name, stream="web", **parameters):
    page = client.get_log_events(
        logGroupName=name, logStreamName=stream, startFromHead=True, **parameters)
    return [event["message"] for event in page["events"]]


def masked(text, secret=SECRET):
    return text.replace(secret, "*" * len(secret))
