"""User pools through boto3, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    details = error.value.response["Error"]
    return details["Code"], details["Message"]


def test_a_bare_pool_has_cognitos_defaults(cognito: Any) -> None:
    created = cognito.create_user_pool(PoolName="myblog")["UserPool"]
    described = cognito.describe_user_pool(UserPoolId=created["Id"])["UserPool"]
    assert described == created
    assert created["Arn"] == f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{created['Id']}"
    assert created["Policies"] == {
        "PasswordPolicy": {
            "MinimumLength": 8,
            "RequireUppercase": True,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
            "TemporaryPasswordValidityDays": 7,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    }
    assert created["DeletionProtection"] == "INACTIVE"
    assert created["LambdaConfig"] == {}
    assert created["VerificationMessageTemplate"] == {"DefaultEmailOption": "CONFIRM_WITH_CODE"}
    assert created["MfaConfiguration"] == "OFF"
    assert created["EstimatedNumberOfUsers"] == 0
    assert created["EmailConfiguration"] == {"EmailSendingAccount": "COGNITO_DEFAULT"}
    assert created["AdminCreateUserConfig"] == {
        "AllowAdminCreateUserOnly": False,
        "UnusedAccountValidityDays": 7,
    }
    assert created["UserPoolTier"] == "ESSENTIALS"
    assert [attribute["Name"] for attribute in created["SchemaAttributes"]] == [
        *("sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username"),
        *("profile", "picture", "website", "email", "email_verified", "gender", "birthdate", "zoneinfo"),
        *("locale", "phone_number", "phone_number_verified", "address", "updated_at"),
    ]
    for absent in ("AliasAttributes", "UserPoolTags", "SmsConfiguration", "UserPoolAddOns", "Domain"):
        assert absent not in created


def test_every_setting_comes_back_as_it_was_given(cognito: Any) -> None:
    role = "arn:aws:iam::123456789012:role/sms"
    function = "arn:aws:lambda:us-east-1:123456789012:function:hook"
    settings = {
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 12,
                "RequireUppercase": False,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": False,
                "PasswordHistorySize": 4,
                "TemporaryPasswordValidityDays": 3,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]},
        },
        "LambdaConfig": {"PreSignUp": function, "PostConfirmation": function},
        "AutoVerifiedAttributes": ["email", "phone_number"],
        "UsernameAttributes": ["email"],
        "VerificationMessageTemplate": {
            "SmsMessage": "Your code: {####}",
            "EmailMessage": "Your code: {####}",
            "EmailSubject": "Code",
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
        },
        "SmsAuthenticationMessage": "Sign in: {####}",
        "MfaConfiguration": "OPTIONAL",
        "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        "DeviceConfiguration": {
            "ChallengeRequiredOnNewDevice": True,
            "DeviceOnlyRememberedOnUserPrompt": True,
        },
        "SmsConfiguration": {"SnsCallerArn": role, "ExternalId": "x", "SnsRegion": "us-east-1"},
        "UserPoolTags": {"team": "blog"},
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": True,
            "UnusedAccountValidityDays": 3,
            "InviteMessageTemplate": {
                "SMSMessage": "{username} {####}",
                "EmailMessage": "{username} {####}",
                "EmailSubject": "Hi",
            },
        },
        "UsernameConfiguration": {"CaseSensitive": False},
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
        "UserPoolTier": "PLUS",
        "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
        "DeletionProtection": "ACTIVE",
    }
    pool_id = a_pool(cognito, **settings)
    described = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert {name: described[name] for name in settings} == settings
    assert described["EmailVerificationMessage"] == "Your code: {####}"
    assert described["SmsVerificationMessage"] == "Your code: {####}"


def test_an_update_resets_what_it_leaves_out_but_for_a_few(cognito: Any) -> None:
    pool_id = a_pool(
        cognito,
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email"],
        UserPoolTier="PLUS",
        DeletionProtection="ACTIVE",
        UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
        UserPoolTags={"team": "blog"},
        Policies={"PasswordPolicy": {"MinimumLength": 20}},
    )
    before = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert cognito.update_user_pool(UserPoolId=pool_id)["ResponseMetadata"]["HTTPStatusCode"] == 200
    after = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert after["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    for reset in ("AutoVerifiedAttributes", "UserPoolAddOns", "UserPoolTags"):
        assert reset not in after
    for kept in ("Name", "UserPoolTier", "DeletionProtection", "AliasAttributes", "CreationDate"):
        assert after[kept] == before[kept]
    assert after["LastModifiedDate"] >= before["LastModifiedDate"]


def test_a_pools_id_can_be_pinned_at_creation(cognito: Any) -> None:
    wanted = f"us-east-1_Pinned{id(cognito) % 10**8}"
    assert a_pool(cognito, UserPoolTags={"_custom_id_": wanted}) == wanted
    with pytest.raises(ClientError) as taken:
        a_pool(cognito, UserPoolTags={"poolhouse:pool-id": wanted})
    assert refusal(taken)[0] == "InvalidParameterException"
    with pytest.raises(ClientError) as elsewhere:
        a_pool(cognito, UserPoolTags={"_custom_id_": "eu-west-1_abc"})
    assert refusal(elsewhere)[0] == "InvalidParameterException"


def test_a_protected_pool_and_one_with_a_domain_are_not_deleted(cognito: Any) -> None:
    pool_id = a_pool(cognito, DeletionProtection="ACTIVE")
    with pytest.raises(ClientError) as protected:
        cognito.delete_user_pool(UserPoolId=pool_id)
    assert refusal(protected)[1].startswith(
        "The user pool cannot be deleted because deletion protection is activated."
    )
    cognito.update_user_pool(UserPoolId=pool_id, DeletionProtection="INACTIVE")
    domain = f"d{id(cognito)}"
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=domain)
    with pytest.raises(ClientError) as in_use:
        cognito.delete_user_pool(UserPoolId=pool_id)
    assert "It has a domain configured" in refusal(in_use)[1]
    cognito.delete_user_pool_domain(UserPoolId=pool_id, Domain=domain)
    cognito.delete_user_pool(UserPoolId=pool_id)
    with pytest.raises(ClientError) as gone:
        cognito.describe_user_pool(UserPoolId=pool_id)
    assert refusal(gone) == ("ResourceNotFoundException", f"User pool {pool_id} does not exist.")


def test_pools_are_listed_page_by_page_in_their_region_alone(server: RunningServer) -> None:
    cognito = server.client(region_name="eu-south-2")
    before = {pool["Id"] for page in pages(cognito, 60) for pool in page["UserPools"]}
    made = {a_pool(cognito, PoolName=f"p{number}") for number in range(5)}
    listed = [pool["Id"] for page in pages(cognito, 2) for pool in page["UserPools"]]
    assert set(listed) == before | made
    assert len(listed) == len(set(listed))
    elsewhere = server.client(region_name="eu-north-1")
    assert not made & {pool["Id"] for page in pages(elsewhere, 60) for pool in page["UserPools"]}
    with pytest.raises(ClientError) as unknown:
        elsewhere.describe_user_pool(UserPoolId=made.pop())
    assert refusal(unknown)[0] == "ResourceNotFoundException"


def pages(cognito: Any, size: int) -> list[dict[str, Any]]:
    return list(cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": size}))


def test_a_page_token_opens_no_other_list(cognito: Any) -> None:
    for number in range(2):
        a_pool(cognito, PoolName=f"p{number}")
    token = cognito.list_user_pools(MaxResults=1)["NextToken"]
    pool_id = a_pool(cognito)
    with pytest.raises(ClientError) as refused:
        cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=1, NextToken=token)
    assert refusal(refused)[0] == "InvalidParameterException"
    with pytest.raises(ClientError) as tampered:
        cognito.list_user_pools(MaxResults=1, NextToken=token[::-1])
    assert refusal(tampered)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (
            {"AliasAttributes": ["email"], "UsernameAttributes": ["email"]},
            "InvalidParameterException",
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.",
        ),
        (
            {"AutoVerifiedAttributes": ["phone_number"]},
            "InvalidParameterException",
            "SMS configuration is required when phone_number is selected for auto verification",
        ),
        (
            {"MfaConfiguration": "ON"},
            "InvalidParameterException",
            "SMS configuration and Auto verification for phone_number are required when MFA is required/optional",
        ),
        (
            {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}},
            "InvalidParameterException",
            "Source ARN is required to use DEVELOPER email sending owner",
        ),
        (
            {
                "AccountRecoverySetting": {
                    "RecoveryMechanisms": [
                        {"Priority": 1, "Name": "admin_only"},
                        {"Priority": 2, "Name": "verified_email"},
                    ]
                }
            },
            "InvalidParameterException",
            "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.",
        ),
        (
            {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["EMAIL_OTP"]}}},
            "InvalidParameterException",
            "Password should be configured as one of the allowed first auth factors.",
        ),
        (
            {"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}},
            "FeatureUnavailableInTierException",
            "The following feature is not available for the ESSENTIALS pricing tier configured: Threat protection",
        ),
        (
            {"Schema": [{"Name": "a", "AttributeDataType": "String", "Required": True}]},
            "InvalidParameterException",
            "Required custom attributes are not supported currently.",
        ),
        (
            {
                "Schema": [
                    {"Name": "a", "AttributeDataType": "String"},
                    {"Name": "a", "AttributeDataType": "Number"},
                ]
            },
            "InvalidParameterException",
            "Duplicate custom attribute names custom:a are not allowed in a user pool schema.",
        ),
        (
            {"Schema": [{"Name": "email", "AttributeDataType": "Number"}]},
            "InvalidParameterException",
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
        ),
        (
            {
                "Schema": [
                    {
                        "Name": "a",
                        "AttributeDataType": "String",
                        "StringAttributeConstraints": {"MinLength": "-1"},
                    }
                ]
            },
            "InvalidParameterException",
            "Attribute custom:a cannot have a negative length",
        ),
        (
            {"UserPoolTags": {"team": "a", "TEAM": "b"}},
            "InvalidParameterException",
            "Tag keys must differ by more than their case.",
        ),
        (
            {"UserPoolTags": {"aws:x": "y"}},
            "InvalidParameterException",
            "Tag keys that begin with 'aws:' are reserved: aws:x",
        ),
        (
            {"KeyConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}},
            "InvalidParameterException",
            "CUSTOMER_MANAGED_KEY is not available: the server seals secrets under its own master key.",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    cognito: Any, options: dict[str, Any], code: str, text: str
) -> None:
    with pytest.raises(ClientError) as refused:
        cognito.create_user_pool(PoolName="p", **options)
    assert refusal(refused) == (code, text)


def test_custom_attributes_are_added_and_never_twice(cognito: Any) -> None:
    pool_id = a_pool(cognito, Schema=[{"Name": "plan", "AttributeDataType": "String"}])
    cognito.add_custom_attributes(
        UserPoolId=pool_id,
        CustomAttributes=[
            {
                "Name": "seats",
                "AttributeDataType": "Number",
                "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"},
            }
        ],
    )
    schema = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["SchemaAttributes"]
    assert [a["Name"] for a in schema][20:] == ["custom:plan", "custom:seats"]
    assert schema[-1] == {
        "Name": "custom:seats",
        "AttributeDataType": "Number",
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
        "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"},
    }
    with pytest.raises(ClientError) as taken:
        cognito.add_custom_attributes(
            UserPoolId=pool_id, CustomAttributes=[{"Name": "plan", "AttributeDataType": "String"}]
        )
    assert refusal(taken)[1] == "custom:plan: Existing attribute already has name custom:plan."


def test_tags_are_set_listed_and_removed_by_arn(cognito: Any) -> None:
    pool_id = a_pool(cognito, UserPoolTags={"team": "blog"})
    arn = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"]
    cognito.tag_resource(ResourceArn=arn, Tags={"stage": "test", "team": "shop"})
    assert cognito.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"team": "shop", "stage": "test"}
    cognito.untag_resource(ResourceArn=arn, TagKeys=["team", "none"])
    assert cognito.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"stage": "test"}
    with pytest.raises(ClientError) as unknown:
        cognito.list_tags_for_resource(ResourceArn=arn + "x")
    assert refusal(unknown)[0] in ("ResourceNotFoundException", "InvalidParameterException")


def test_second_factors_are_configured_and_kept(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    assert cognito.get_user_pool_mfa_config(UserPoolId=pool_id)["MfaConfiguration"] == "OFF"
    with pytest.raises(ClientError) as nothing_to_ask_for:
        cognito.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="ON")
    assert refusal(nothing_to_ask_for)[0] == "InvalidParameterException"
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id,
        WebAuthnConfiguration={"RelyingPartyId": "example.com", "UserVerification": "required"},
        EmailMfaConfiguration={"Message": "Code {####}", "Subject": "Code"},
    )
    answer = cognito.get_user_pool_mfa_config(UserPoolId=pool_id)
    del answer["ResponseMetadata"]
    assert answer == {
        "MfaConfiguration": "ON",
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "WebAuthnConfiguration": {"RelyingPartyId": "example.com", "UserVerification": "required"},
        "EmailMfaConfiguration": {"Message": "Code {####}", "Subject": "Code"},
    }
    assert cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["MfaConfiguration"] == "ON"


def test_groups_are_defined_changed_listed_and_deleted(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    role = "arn:aws:iam::123456789012:role/editors"
    created = cognito.create_group(
        UserPoolId=pool_id, GroupName="editors", Description="edit", Precedence=0, RoleArn=role
    )["Group"]
    assert created["Precedence"] == 0
    with pytest.raises(ClientError) as exists:
        cognito.create_group(UserPoolId=pool_id, GroupName="editors")
    assert refusal(exists) == ("GroupExistsException", "A group with the name already exists.")
    cognito.update_group(UserPoolId=pool_id, GroupName="editors", Precedence=5)
    found = cognito.get_group(UserPoolId=pool_id, GroupName="editors")["Group"]
    assert (found["Description"], found["Precedence"], found["RoleArn"]) == ("edit", 5, role)
    cognito.create_group(UserPoolId=pool_id, GroupName="authors")
    first = cognito.list_groups(UserPoolId=pool_id, Limit=1)
    second = cognito.list_groups(UserPoolId=pool_id, Limit=1, NextToken=first["NextToken"])
    assert [first["Groups"][0]["GroupName"], second["Groups"][0]["GroupName"]] == ["authors", "editors"]
    assert "NextToken" not in second
    cognito.delete_group(UserPoolId=pool_id, GroupName="editors")
    with pytest.raises(ClientError) as gone:
        cognito.get_group(UserPoolId=pool_id, GroupName="editors")
    assert refusal(gone) == ("ResourceNotFoundException", "Group not found.")


def test_a_quota_is_a_limit(own_server: Any) -> None:
    cognito = own_server(max_user_pools=2, max_groups=1, max_custom_domains=1).client()
    pool_id = a_pool(cognito)
    a_pool(cognito)
    with pytest.raises(ClientError) as pools:
        a_pool(cognito)
    assert refusal(pools)[0] == "LimitExceededException"
    cognito.create_group(UserPoolId=pool_id, GroupName="a")
    with pytest.raises(ClientError) as groups:
        cognito.create_group(UserPoolId=pool_id, GroupName="b")
    assert refusal(groups)[0] == "LimitExceededException"
    custom = {"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd"}
    other = cognito.list_user_pools(MaxResults=60)["UserPools"][-1]["Id"]
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="a.example.com", CustomDomainConfig=custom)
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain="prefix-is-not-counted")
    with pytest.raises(ClientError) as domains:
        cognito.create_user_pool_domain(UserPoolId=other, Domain="b.example.com", CustomDomainConfig=custom)
    assert refusal(domains)[0] == "LimitExceededException"
