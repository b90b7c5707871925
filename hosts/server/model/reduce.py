#!/usr/bin/env python3
"""Strips botocore's API model of CloudWatch Logs to what constraint checks need.

    python3 reduce.py service-2.json > logs.json

What stays: operations with their input, output and errors; shapes with type, members, required,
length, range, pattern, enumeration and the marks of exceptions. What goes: documentation, HTTP
bindings (every operation is POST /) and notes of deprecation.
"""

import json
import sys

SHAPE = ("type", "required", "min", "max", "pattern", "enum", "exception", "fault")


def reference(value):
    return value["shape"]


def reduced_shape(shape):
    reduced = {key: shape[key] for key in SHAPE if key in shape}
    if "members" in shape:
        members = shape["members"]
        reduced["members"] = {name: reference(members[name]) for name in sorted(members)}
    for key in ("member", "key", "value"):
        if key in shape:
            reduced[key] = reference(shape[key])
    return reduced


def reduced_operation(operation):
    reduced = {"input": reference(operation["input"])}
    if "output" in operation:
        reduced["output"] = reference(operation["output"])
    reduced["errors"] = [reference(error) for error in operation["errors"]]
    return reduced


def section(name, entries):
    """One entry a line, so that a later model shows what changed."""
    lines = [f"{json.dumps(key)}:{json.dumps(entries[key], separators=(',', ':'))}" for key in sorted(entries)]
    return f"{json.dumps(name)}:{{\n" + ",\n".join(lines) + "\n}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        model = json.load(file)
    target = json.dumps(model["metadata"]["targetPrefix"])
    operations = {name: reduced_operation(value) for name, value in model["operations"].items()}
    shapes = {name: reduced_shape(value) for name, value in model["shapes"].items()}
    print("{" + f'"targetPrefix":{target},')
    print(section("operations", operations) + ",")
    print(section("shapes", shapes) + "}")


main()
