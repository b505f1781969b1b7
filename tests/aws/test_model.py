"""The service models: botocore's, ours, and what is laid over them."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import botocore
import pytest
from botocore.loaders import Loader
from botocore.session import Session

from poolhouse.aws import answers, overlay
from poolhouse.aws.model import OWN_MODELS, SERVICES, service_model, service_of_target_prefix
from poolhouse.aws.resources import everything
from poolhouse.aws.targets import TARGETS
from poolhouse.core import errors

ROOT = Path(__file__).parent.parent.parent
COGNITO = Path(botocore.__file__).parent / "data" / "cognito-idp" / "2016-04-18" / "service-2.json.gz"


@pytest.mark.parametrize("service", SERVICES)
def test_a_target_names_its_service(service):
    model = service_model(service)

    assert service_of_target_prefix(model.target_prefix) == service
    assert model.name == service


@pytest.mark.parametrize("service", SERVICES)
def test_every_target_is_described_and_named_as_its_resource(service):
    operations = service_model(service).operations
    for name, target in TARGETS[service].items():
        members = service_model(service).shapes[operations[name].input or ""]["members"]
        members = dict.fromkeys(members, "x")
        arn = target.resource(members, "r", "1")
        if {"UserPoolId", "ResourceArn", "AccessKeyId", "KeyId"} & set(members):
            assert target.resource is not everything, name
            assert arn.endswith("x"), name
        else:
            assert arn == "*", name


def test_operations_that_need_no_signature_are_those_of_the_model_and_the_overlay():
    unsigned = {
        name for name, operation in service_model("cognito-idp").operations.items() if operation.is_unsigned
    }

    assert {"SignUp", "InitiateAuth", "GetUser", "GetClientToken"} <= unsigned
    assert not {"CreateUserPool", "AdminGetUser", "DescribeUserPoolDomain"} & unsigned
    assert not any(operation.is_unsigned for operation in service_model("poolhouse").operations.values())


def test_the_overlay_says_nothing_that_botocore_says_already():
    model = json.loads(gzip.decompress(COGNITO.read_bytes()))
    for (_, shape), values in overlay._ADDED_ENUM_VALUES.items():
        assert not set(values) & set(model["shapes"][shape]["enum"])
    for operation in overlay._UNSIGNED["cognito-idp"]:
        assert "auth" not in model["operations"][operation]


def test_our_own_model_is_one_that_botocore_understands():
    session = Session()
    loader = Loader(extra_search_paths=[str(OWN_MODELS)])
    session.register_component("data_loader", loader)
    client = session.create_client(
        "poolhouse",
        region_name="eu-west-3",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )

    assert client.meta.service_model.signing_name == "poolhouse"
    assert client.can_paginate("list_access_keys")
    assert set(client.meta.service_model.operation_names) == set(service_model("poolhouse").operations)


@pytest.mark.parametrize("service", SERVICES)
def test_our_own_models_shapes_are_all_used_and_all_there(service):
    shapes = service_model(service).shapes
    used = {
        name
        for operation in service_model(service).operations.values()
        for name in (operation.input, operation.output)
    }
    used |= {name for operation in service_model(service).operations.values() for name in operation.errors}
    for shape in shapes.values():
        used |= {member["shape"] for member in shape.get("members", {}).values()}
        used |= {shape[part]["shape"] for part in ("member", "key", "value") if part in shape}

    assert used - {None} <= set(shapes)
    if service == "poolhouse":
        assert set(shapes) - used == {"UnsupportedOperationException"}


def test_errors_of_the_models_that_are_faults_are_answered_as_such():
    assert service_model("cognito-idp").is_fault("InternalErrorException")
    assert not service_model("cognito-idp").is_fault("ResourceNotFoundException")
    assert answers.error_answer(errors.InternalServerException(), is_fault=True).status == 500


def test_the_generated_types_are_fresh():
    done = subprocess.run(
        [sys.executable, "tools/shapes.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_botocores_client_is_not_imported_to_read_its_models():
    """It would cost each start a hundred milliseconds."""
    code = (
        "import sys; from poolhouse.aws.model import service_model; service_model('cognito-idp');"
        "sys.exit('botocore.model' in sys.modules or 'botocore.loaders' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
