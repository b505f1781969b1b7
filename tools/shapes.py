"""Writes src/poolhouse/shapes/*.py: a TypedDict for each structure of each service model.

    python tools/shapes.py           write what changed
    python tools/shapes.py --check   exit 1 where a file is stale

Enumerations are plain `str` (the validator holds requests to them), timestamps are epoch seconds, blobs
base64 text. Error structures are left out: they are classes in core/errors.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from poolhouse.aws.model import SERVICES, ServiceModel, service_model

FOLDER = Path(__file__).parent.parent / "src" / "poolhouse" / "shapes"

SCALARS = {
    "string": "str",
    "blob": "str",
    "boolean": "bool",
    "integer": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "timestamp": "float",
}


def main(arguments: list[str]) -> int:
    stale = []
    for service in SERVICES:
        path = FOLDER / f"{service.replace('-', '_')}.py"
        text = module(service_model(service))
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path)
        if arguments != ["--check"]:
            path.write_text(text)
    for path in stale:
        print(
            f"{'stale' if arguments == ['--check'] else 'written'}: {path.relative_to(FOLDER.parent.parent.parent)}"
        )
    return 1 if stale and arguments == ["--check"] else 0


def module(model: ServiceModel) -> str:
    """The Python source of one service's types, by name; the same model gives the same text."""
    types = [
        "".join(typed_dict(model, name))
        for name in sorted(model.shapes)
        if is_structure(model.shapes[name]) and not model.shapes[name].get("exception")
    ]
    # Only what is used is imported, so that a linter has nothing to say.
    body = "\n\n".join(types)
    imports = ["TypedDict"]
    imports += ["Required"] if "Required[" in body else []
    imports += ["Any"] if "Any" in body else []
    return (
        f'"""Types of the service `{model.name}`. Generated from its model by `make shapes`: do not edit."""\n\n'
        "from __future__ import annotations\n\n"
        f"from typing import {', '.join(sorted(imports))}\n\n\n"
        f"{body}"
    )


def typed_dict(model: ServiceModel, name: str) -> Iterator[str]:
    shape = model.shapes[name]
    required = set(shape.get("required", ()))
    members = shape["members"]
    yield f"class {name}(TypedDict, total=False):\n"
    if not members:
        yield "    pass\n"
    for member, reference in members.items():
        if not member.isidentifier():
            raise SystemExit(f"{name}.{member} can't be written as a class member")
        written = type_of(model, reference["shape"])
        yield f"    {member}: {f'Required[{written}]' if member in required else written}\n"


def type_of(model: ServiceModel, name: str) -> str:
    shape: Any = model.shapes[name]
    match shape["type"]:
        case "structure":
            return name if is_structure(shape) else "Any"
        case "list":
            return f"list[{type_of(model, shape['member']['shape'])}]"
        case "map":
            return f"dict[str, {type_of(model, shape['value']['shape'])}]"
        case scalar:
            return SCALARS[scalar]


def is_structure(shape: Any) -> bool:
    """A structure, but not a document, which is free JSON."""
    return shape["type"] == "structure" and not shape.get("document")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
