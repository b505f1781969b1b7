"""The house itself: each request that it gives for good is accepted, and those that need no key are without one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fuzz.house import OPERATIONS, UNSIGNED, a_house

LAST = (
    *("VerifySoftwareToken", "AssociateSoftwareToken", "CompleteWebAuthnRegistration"),
    *("StartWebAuthnRegistration", "DeleteWebAuthnCredential", "ConfirmDevice", "AdminForgetDevice"),
    *("ChangePassword", "GlobalSignOut", "RevokeToken", "AdminDisableUser", "AdminDeleteUser"),
    *("ForgetDevice", "DeleteResourceServer", "DeleteGroup"),
    *("AdminResetUserPassword", "ForgotPassword", "ConfirmSignUp", "AdminConfirmSignUp"),
    *("RotateMasterKey", "UpdateAccessKey", "DeleteAccessKey", "DeleteUser", "UpdateUserPoolExtensions"),
    *("DeleteUserPoolClient", "DeleteUserPoolDomain"),
)
"""What takes away what others need: in an order in which most still find what they need themselves."""
TOO_FULL = {
    "AddUserPoolClientSecret": "LimitExceededException",
    "CreateUserPoolDomain": "InvalidParameterException",
    "DeleteUserPool": "InvalidParameterException",
    "GetClientToken": "OperationNotEnabledException",
}
"""What is good but for what the house has already: two secrets, a domain, a client that has its tokens by OAuth."""


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_good_request_is_accepted(own_server: Any, engine: str) -> None:
    """Where it is not, all the tests that spoil it in some way would see it refused for another reason."""
    with a_house(own_server(engine, rate_per_person=0)) as house:
        names = [name for _, name in OPERATIONS if name not in LAST]
        outcomes = {}
        for operation in [*names, *LAST]:
            signing = {"is_signed": operation not in UNSIGNED}
            reply = house.call(operation, **signing)
            if reply.status != 200 and operation not in TOO_FULL:
                house.furnish()
                reply = house.call(operation, **signing)
            outcomes[operation] = reply.error
        assert {name: error for name, error in outcomes.items() if error} == TOO_FULL
