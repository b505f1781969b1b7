"""DescribeKey, GenerateDataKey, Encrypt, Decrypt.

Source: AWS KMS API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from poolhouse.core import kms
from poolhouse.core.errors import ValidationException
from poolhouse.core.kms import ALGORITHM, LONGEST_CONTEXT, BuiltInKey
from poolhouse.operation import Call
from poolhouse.shapes.kms import (
    DecryptRequest,
    DecryptResponse,
    DescribeKeyRequest,
    DescribeKeyResponse,
    EncryptRequest,
    EncryptResponse,
    GenerateDataKeyRequest,
    GenerateDataKeyResponse,
)

SIZES = {"AES_256": 32, "AES_128": 16}


async def describe_key(call: Call, request: DescribeKeyRequest) -> DescribeKeyResponse:
    """What there is to know of the built-in key.

    Raises:
        NotFoundException: the request names another.
        ValidationException: it has a grant token.
    """
    key = _key(call, request["KeyId"])
    if request.get("GrantTokens"):
        raise ValidationException(kms.InvalidGrantTokenException.message)
    return {
        "KeyMetadata": {
            "AWSAccountId": key.account_id,
            "KeyId": key.id,
            "Arn": key.arn,
            "Enabled": True,
            "Description": "The key that this server has of its own",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "KeyState": "Enabled",
            "Origin": "AWS_KMS",
            "KeyManager": "CUSTOMER",
            "CustomerMasterKeySpec": ALGORITHM,
            "KeySpec": ALGORITHM,
            "EncryptionAlgorithms": [ALGORITHM],
            "MultiRegion": False,
        }
    }


async def generate_data_key(call: Call, request: GenerateDataKeyRequest) -> GenerateDataKeyResponse:
    """A new key, in the clear and encrypted under the built-in one.

    Raises:
        NotFoundException: the request names another.
        ValidationException: it gives no size or two, a context that is too long, or a recipient.
        InvalidGrantTokenException, DryRunOperationException
    """
    key = _key(call, request["KeyId"])
    if ("NumberOfBytes" in request) == ("KeySpec" in request):
        raise ValidationException("Please specify either number of bytes or key spec.")
    size = SIZES[request["KeySpec"]] if "KeySpec" in request else request.get("NumberOfBytes", 0)
    context = _context(request)
    _refuse_dry_run(request)
    plain = call.random.token_bytes(size)
    return {
        "CiphertextBlob": _encrypted(call, key, plain, context),
        "Plaintext": _text(plain),
        "KeyId": key.arn,
    }


async def encrypt(call: Call, request: EncryptRequest) -> EncryptResponse:
    """Up to 4,096 bytes, encrypted under the built-in key.

    Raises:
        NotFoundException: the request names another key.
        InvalidKeyUsageException: the algorithm is of asymmetric keys.
        ValidationException: the context is too long.
        InvalidGrantTokenException, DryRunOperationException
    """
    key = _key(call, request["KeyId"])
    _check_algorithm(request)
    context = _context(request)
    _refuse_dry_run(request)
    plain = base64.b64decode(request["Plaintext"])
    return {
        "CiphertextBlob": _encrypted(call, key, plain, context),
        "KeyId": key.arn,
        "EncryptionAlgorithm": ALGORITHM,
    }


async def decrypt(call: Call, request: DecryptRequest) -> DecryptResponse:
    """What Encrypt or GenerateDataKey encrypted, with the same context.

    Raises:
        NotFoundException: there is no such key.
        InvalidCiphertextException: it is no such thing, was changed, or has another context.
        InvalidKeyUsageException: the algorithm is of asymmetric keys.
        ValidationException: there is no ciphertext, a context that is too long, or a recipient.
        InvalidGrantTokenException, DryRunOperationException
    """
    key = _key(call, request.get("KeyId", kms.ALIAS))
    _check_algorithm(request)
    if request.get("DryRunModifiers"):
        raise ValidationException("DryRunModifiers are not supported.")
    if "CiphertextBlob" not in request:
        raise ValidationException(
            "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not"
            " be null"
        )
    context = _context(request)
    blob = base64.b64decode(request["CiphertextBlob"])
    plain = kms.decrypt(call.store.key_for(key.purpose), key, blob, context)
    _refuse_dry_run(request)
    return {"KeyId": key.arn, "Plaintext": _text(plain), "EncryptionAlgorithm": ALGORITHM}


def _key(call: Call, key_id: str) -> BuiltInKey:
    return kms.key_named(key_id, call.region, call.account_id)


def _context(request: Mapping[str, Any]) -> Mapping[str, str]:
    """The encryption context, once nothing else stands in the request that can't be done."""
    if "Recipient" in request:
        raise ValidationException("Recipient is not supported: there are no enclaves here.")
    if request.get("GrantTokens"):
        raise kms.InvalidGrantTokenException
    context: Mapping[str, str] = request.get("EncryptionContext", {})
    if len(json.dumps(context)) > LONGEST_CONTEXT:
        raise ValidationException(f"The encryption context has more than {LONGEST_CONTEXT} bytes.")
    return context


def _refuse_dry_run(request: Mapping[str, Any]) -> None:
    if request.get("DryRun"):
        raise kms.DryRunOperationException


def _check_algorithm(request: Mapping[str, Any]) -> None:
    algorithm = request.get("EncryptionAlgorithm", ALGORITHM)
    if algorithm != ALGORITHM:
        raise kms.InvalidKeyUsageException(
            f"Algorithm {algorithm} is incompatible with key spec {ALGORITHM}."
        )


def _encrypted(call: Call, key: BuiltInKey, plain: bytes, context: Mapping[str, str]) -> str:
    return _text(kms.encrypt(call.store.key_for(key.purpose), key, plain, context, call.random))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
