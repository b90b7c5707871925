"""Requests and MB a second of PutLogEvents, logveil's endpoint next to moto's, in one run.

    python put_log_events.py LOGVEIL [--rounds N] [--requests N] [--connections N]

LOGVEIL is the program, built with --release; moto comes with the python that runs this. Both get the
same requests over as many connections, in turns; every answer has to be 200, and the number of
events that logveil then shows has to be that of those sent. The client is one process, so the
figures of fast servers are bounded by it: compare the ratio.
"""

import argparse
import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

CONTENT_TYPE = "application/x-amz-json-1.1"
SCOPE = "Credential=AKIDEXAMPLE/20260101/us-east-1/logs/aws4_request"
POLICY = {
    "Version": "2021-06-01",
    "Statement": [
        {"DataIdentifier": [], "Operation": {"Audit": {"FindingsDestination": {}}}},
        {"DataIdentifier": [], "Operation": {"Deidentify": {"MaskConfig": {}}}},
    ],
}


def call(connection, operation, body):
    """One request, whose answer has to be 200; returns the answer."""
    headers = {
        "Content-Type": CONTENT_TYPE,
        "X-Amz-Target": "Logs_20140328." + operation,
        "Authorization": f"AWS4-HMAC-SHA256 {SCOPE}, SignedHeaders=host, Signature=0",
    }
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", "/", text, headers)
    answer = connection.getresponse()
    read = answer.read()
    if answer.status != 200:
        sys.exit(f"{operation}: {answer.status}")
    return json.loads(read or b"{}")


def start(command, ready):
    """Starts a server; `ready` makes its port of a line that it prints."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for line in process.stdout:
        port = ready(line)
        if port:
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return process, port
    sys.exit(f"{command[0]} did not start")


def put_all(port, group, bodies):
    """Sends a connection's requests each; returns how long all of them took."""
    def send(body, count):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(count):
            call(connection, "PutLogEvents", body)

    threads = [threading.Thread(target=send, args=it) for it in bodies]
    started = time.perf_counter()
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logveil")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200, help="a connection and round")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--events", type=int, default=100, help="a request, of 200 bytes each")
    arguments = parser.parse_args()
    line = "2026-01-01T00:00:00Z INFO web request served in 12 ms for a client of ours "
    message = (line * 3)[:200]
    with tempfile.TemporaryDirectory() as data:
        def listening(text):
            return int(text.rsplit(":", 1)[1]) if "listening on" in text else None

        def running(text):
            return int(text.rsplit(":", 1)[1]) if "Running on http" in text else None

        serve = [arguments.logveil, "serve", "--insecure-any-key", "--listen", "127.0.0.1:0"]
        moto = [str(pathlib.Path(sys.executable).with_name("moto_server")), "-p", "0"]
        servers = {
            "logveil": start([*serve, "--data", data], listening),
            "moto": start(moto, running),
        }
        try:
            measure(arguments, message, servers)
        finally:
            [process.terminate() for process, _ in servers.values()]
            [process.wait() for process, _ in servers.values()]


def measure(arguments, message, servers):
    """Rounds of both in turns, and their medians."""
    seconds = {name: [] for name in servers}
    sent = arguments.connections * arguments.requests
    for round_number in range(arguments.rounds):
        group = f"/bench-{round_number}"
        for name, (_, port) in servers.items():
            connection = http.client.HTTPConnection("127.0.0.1", port)
            call(connection, "CreateLogGroup", {"logGroupName": group})
            if name == "logveil":
                identifiers = [
                    "arn:aws:dataprotection::aws:data-identifier/" + identifier
                    for identifier in ("EmailAddress", "Ssn-US", "CreditCardNumber", "IpAddress")
                ]
                for statement in POLICY["Statement"]:
                    statement["DataIdentifier"] = identifiers
                policy = {"logGroupIdentifier": group, "policyDocument": json.dumps(POLICY)}
                call(connection, "PutDataProtectionPolicy", policy)
            bodies = []
            for number in range(arguments.connections):
                place = {"logGroupName": group, "logStreamName": f"s{number}"}
                call(connection, "CreateLogStream", place)
                now = int(time.time() * 1000)
                events = [{"timestamp": now, "message": message}] * arguments.events
                body = json.dumps({**place, "logEvents": events}).encode()
                bodies.append((body, arguments.requests))
            seconds[name].append(put_all(port, group, bodies))
            if name == "logveil":
                check(connection, group, sent * arguments.events)
    megabytes = sent * arguments.events * len(message) / 1e6
    for name, found in seconds.items():
        median = statistics.median(found)
        print(f"{name:8} {sent / median:8.0f} requests/s {megabytes / median:8.2f} MB/s of messages")
    ratios = [moto / ours for ours, moto in zip(seconds["logveil"], seconds["moto"])]
    print(f"logveil takes {statistics.median(ratios):.1f} times as many in the same time")


def check(connection, group, expected):
    """What was sent is there."""
    answer = call(connection, "DescribeLogGroups", {"logGroupNamePrefix": group})
    stored = answer["logGroups"][0]["storedBytes"]
    if stored != expected * (200 + 26):
        sys.exit(f"{group}: {stored} bytes are stored")


if __name__ == "__main__":
    main()
