"""What functions in Python are written against: the models and the data classes of AWS's Powertools.

Both know fewer sources than Cognito has, and say of some members what no event of Cognito's holds to; so it is said here
which those are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, get_args

from aws_lambda_powertools.utilities.data_classes import cognito_user_pool_event as classes
from aws_lambda_powertools.utilities.data_classes.common import DictWrapper
from aws_lambda_powertools.utilities.parser.models import cognito as models
from pydantic import BaseModel, ValidationError

MODELS: dict[str, type[BaseModel]] = {
    "PreSignUp": models.CognitoPreSignupTriggerModel,
    "PostConfirmation": models.CognitoPostConfirmationTriggerModel,
    "PreAuthentication": models.CognitoPreAuthenticationTriggerModel,
    "PostAuthentication": models.CognitoPostAuthenticationTriggerModel,
    "TokenGeneration1": models.CognitoPreTokenGenerationTriggerModelV1,
    "TokenGeneration2": models.CognitoPreTokenGenerationTriggerModelV2AndV3,
    "TokenGeneration3": models.CognitoPreTokenGenerationTriggerModelV2AndV3,
    "UserMigration": models.CognitoMigrateUserTriggerModel,
    "CustomMessage": models.CognitoCustomMessageTriggerModel,
    "CustomEmailSender": models.CognitoCustomEmailSenderTriggerModel,
    "CustomSMSSender": models.CognitoCustomSMSSenderTriggerModel,
    "DefineAuthChallenge": models.CognitoDefineAuthChallengeTriggerModel,
    "CreateAuthChallenge": models.CognitoCreateAuthChallengeTriggerModel,
    "VerifyAuthChallengeResponse": models.CognitoVerifyAuthChallengeTriggerModel,
}
CLASSES: dict[str, type[classes.BaseTriggerEvent]] = {
    "PreSignUp": classes.PreSignUpTriggerEvent,
    "PostConfirmation": classes.PostConfirmationTriggerEvent,
    "PreAuthentication": classes.PreAuthenticationTriggerEvent,
    "PostAuthentication": classes.PostAuthenticationTriggerEvent,
    "TokenGeneration1": classes.PreTokenGenerationTriggerEvent,
    "TokenGeneration2": classes.PreTokenGenerationV2TriggerEvent,
    "TokenGeneration3": classes.PreTokenGenerationV2TriggerEvent,
    "UserMigration": classes.UserMigrationTriggerEvent,
    "CustomMessage": classes.CustomMessageTriggerEvent,
    "CustomEmailSender": classes.CustomEmailSenderTriggerEvent,
    "CustomSMSSender": classes.CustomSMSSenderTriggerEvent,
    "DefineAuthChallenge": classes.DefineAuthChallengeTriggerEvent,
    "CreateAuthChallenge": classes.CreateAuthChallengeTriggerEvent,
    "VerifyAuthChallengeResponse": classes.VerifyAuthChallengeResponseTriggerEvent,
}
MAY_LACK: dict[str, tuple[str, ...]] = {
    "TokenGeneration_ClientCredentials": ("request.group_configuration.",),
    "UserMigration_ForgotPassword": ("request.password",),
}
"""What the classes read of an event without asking whether it is there. A machine is in no group, and who has forgotten
their password tells none: Cognito's guide has neither."""


def misread(event: dict[str, Any]) -> list[str]:
    """What of an event a function in Python would stumble over; of sources that the library does not know, nothing."""
    name = event["triggerSource"].partition("_")[0]
    name += event["version"] if name == "TokenGeneration" else ""
    if name not in MODELS:
        return []
    by_class = _misread_by_class(CLASSES[name](copy.deepcopy(event)))
    may_lack = MAY_LACK.get(event["triggerSource"], ())
    return [
        *_misread_by_model(MODELS[name], event),
        *(f"{where}: {why!r}" for where, why in by_class if not where.startswith(may_lack)),
    ]


def _misread_by_model(model: type[BaseModel], event: dict[str, Any]) -> list[str]:
    try:
        model.model_validate(_without_what_models_are_wrong_about(model, event))
    except ValidationError as failed:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in failed.errors()]
    return []


def _without_what_models_are_wrong_about(model: type[BaseModel], event: dict[str, Any]) -> dict[str, Any]:
    event = copy.deepcopy(event)
    request, response = event["request"], event["response"]
    if "triggerSource" in model.model_fields and (
        known := get_args(model.model_fields["triggerSource"].annotation)
    ):
        assert event["triggerSource"].partition("_")[0] == known[0].partition("_")[0]
        event["triggerSource"] = known[0]  # they know one source of a trigger
    for one in request.get("session") or []:
        if one["challengeName"] == "CUSTOM_CHALLENGE":
            one["challengeName"] = "PASSWORD_VERIFIER"  # they know no custom challenge
    if response.get("answerCorrect", True) is None:
        response["answerCorrect"] = False  # the answer that nobody has given yet is null
    if isinstance(request.get("scopes"), list):
        request["scopes"] = dict.fromkeys(request["scopes"])  # it is a list, as their own data class has it
    if event["triggerSource"] == "UserMigration_ForgotPassword":
        request["password"] = ""  # nobody has told it
    if request.get("code", "") is None:
        request["code"] = ""  # a notice has none
    if request.get("groupConfiguration", {}) is None:
        request["groupConfiguration"] = {
            "groupsToOverride": [],
            "iamRolesToOverride": [],
        }  # machines have none
    return event


def _misread_by_class(read: DictWrapper, path: str = "") -> Iterator[tuple[str, Exception]]:
    for name in dir(type(read)):
        if not isinstance(getattr(type(read), name), property) or name == "raw_event":
            continue
        where = f"{path}{name}"
        try:
            value = getattr(read, name)
        except (KeyError, TypeError, AttributeError) as failed:
            yield where, failed
            continue
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, DictWrapper):
                yield from _misread_by_class(inner, f"{where}.")
