"""The table of all operations: what X-Amz-Target names, and the function that does it.

A described operation that is not here is answered with UnsupportedOperationException and listed in
docs/compatibility.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from poolhouse.administration import access_keys, audit, extensions, inbox, previews, server, signing_keys
from poolhouse.aws.resources import (
    ResourceOf,
    access_key,
    everything,
    kms_key,
    named_by_arn,
    user_pool,
    user_pool_or_everything,
)
from poolhouse.kms import keys
from poolhouse.operation import Call
from poolhouse.userpools import (
    branding,
    client_secrets,
    clients,
    confirmation,
    devices,
    domains,
    event_history,
    groups,
    log_delivery,
    machine_tokens,
    mfa,
    mfa_preferences,
    passkeys,
    pools,
    provider_links,
    providers,
    recovery,
    refresh,
    resource_servers,
    self_service,
    sign_out,
    sign_up,
    signing_certificates,
    software_tokens,
    tags,
    terms,
    ui_customization,
    verification,
)
from poolhouse.userpools.risk import configuration as risk_configuration
from poolhouse.userpools.sign_in import operations
from poolhouse.userpools.token_audit import telling
from poolhouse.userpools.users import admin, attributes, creation, listing, membership, passwords

Operation = Callable[[Call, Any], Awaitable[Mapping[str, Any] | None]]


@dataclass(frozen=True, slots=True)
class Target:
    function: Operation
    resource: ResourceOf = user_pool


Targets = Mapping[str, Mapping[str, Target]]

TARGETS: Targets = {
    "cognito-idp": {
        "AddCustomAttributes": Target(pools.add_custom_attributes),
        "AddUserPoolClientSecret": Target(client_secrets.add_user_pool_client_secret),
        "AdminAddUserToGroup": Target(membership.admin_add_user_to_group),
        "AdminConfirmSignUp": Target(confirmation.admin_confirm_sign_up),
        "AdminCreateUser": Target(creation.admin_create_user),
        "AdminDeleteSoftwareToken": Target(software_tokens.admin_delete_software_token),
        "AdminDeleteUser": Target(admin.admin_delete_user),
        "AdminDeleteUserAttributes": Target(attributes.admin_delete_user_attributes),
        "AdminDisableUser": Target(admin.admin_disable_user),
        "AdminDisableProviderForUser": Target(provider_links.admin_disable_provider_for_user),
        "AdminEnableUser": Target(admin.admin_enable_user),
        "AdminForgetDevice": Target(devices.admin_forget_device),
        "AdminGetDevice": Target(devices.admin_get_device),
        "AdminGetUser": Target(admin.admin_get_user),
        "AdminGetUserAuthFactors": Target(mfa_preferences.admin_get_user_auth_factors),
        "AdminInitiateAuth": Target(operations.admin_initiate_auth),
        "AdminLinkProviderForUser": Target(provider_links.admin_link_provider_for_user),
        "AdminListDevices": Target(devices.admin_list_devices),
        "AdminListGroupsForUser": Target(membership.admin_list_groups_for_user),
        "AdminListUserAuthEvents": Target(event_history.admin_list_user_auth_events),
        "AdminRemoveUserFromGroup": Target(membership.admin_remove_user_from_group),
        "AdminResetUserPassword": Target(recovery.admin_reset_user_password),
        "AdminRespondToAuthChallenge": Target(operations.admin_respond_to_auth_challenge),
        "AdminSetUserMFAPreference": Target(mfa_preferences.admin_set_user_mfa_preference),
        "AdminSetUserPassword": Target(passwords.admin_set_user_password),
        "AdminSetUserSettings": Target(mfa_preferences.admin_set_user_settings),
        "AdminUpdateAuthEventFeedback": Target(event_history.admin_update_auth_event_feedback),
        "AdminUpdateDeviceStatus": Target(devices.admin_update_device_status),
        "AdminUpdateUserAttributes": Target(attributes.admin_update_user_attributes),
        "AdminUserGlobalSignOut": Target(sign_out.admin_user_global_sign_out),
        "AssociateSoftwareToken": Target(software_tokens.associate_software_token, everything),
        "ChangePassword": Target(self_service.change_password, everything),
        "CompleteWebAuthnRegistration": Target(passkeys.complete_web_authn_registration, everything),
        "ConfirmDevice": Target(devices.confirm_device, everything),
        "ConfirmForgotPassword": Target(recovery.confirm_forgot_password, everything),
        "ConfirmSignUp": Target(confirmation.confirm_sign_up, everything),
        "CreateGroup": Target(groups.create_group),
        "CreateIdentityProvider": Target(providers.create_identity_provider),
        "CreateManagedLoginBranding": Target(branding.create_managed_login_branding),
        "CreateResourceServer": Target(resource_servers.create_resource_server),
        "CreateTerms": Target(terms.create_terms),
        "CreateUserPool": Target(pools.create_user_pool, everything),
        "CreateUserPoolClient": Target(clients.create_user_pool_client),
        "CreateUserPoolDomain": Target(domains.create_user_pool_domain),
        "DeleteGroup": Target(groups.delete_group),
        "DeleteIdentityProvider": Target(providers.delete_identity_provider),
        "DeleteManagedLoginBranding": Target(branding.delete_managed_login_branding),
        "DeleteResourceServer": Target(resource_servers.delete_resource_server),
        "DeleteTerms": Target(terms.delete_terms),
        "DeleteUser": Target(self_service.delete_user, everything),
        "DeleteUserAttributes": Target(self_service.delete_user_attributes, everything),
        "DeleteUserPool": Target(pools.delete_user_pool),
        "DeleteUserPoolClient": Target(clients.delete_user_pool_client),
        "DeleteUserPoolClientSecret": Target(client_secrets.delete_user_pool_client_secret),
        "DeleteUserPoolDomain": Target(domains.delete_user_pool_domain),
        "DeleteWebAuthnCredential": Target(passkeys.delete_web_authn_credential, everything),
        "DescribeIdentityProvider": Target(providers.describe_identity_provider),
        "DescribeManagedLoginBranding": Target(branding.describe_managed_login_branding),
        "DescribeManagedLoginBrandingByClient": Target(branding.describe_managed_login_branding_by_client),
        "DescribeResourceServer": Target(resource_servers.describe_resource_server),
        "DescribeRiskConfiguration": Target(risk_configuration.describe_risk_configuration),
        "DescribeTerms": Target(terms.describe_terms),
        "DescribeTermsByClient": Target(terms.describe_terms_by_client),
        "DescribeUserPool": Target(pools.describe_user_pool),
        "DescribeUserPoolClient": Target(clients.describe_user_pool_client),
        "DescribeUserPoolDomain": Target(domains.describe_user_pool_domain, everything),
        "ForgetDevice": Target(devices.forget_device, everything),
        "ForgotPassword": Target(recovery.forgot_password, everything),
        "GetClientToken": Target(machine_tokens.get_client_token, everything),
        "GetDevice": Target(devices.get_device, everything),
        "GetGroup": Target(groups.get_group),
        "GetIdentityProviderByIdentifier": Target(providers.get_identity_provider_by_identifier),
        "GetLogDeliveryConfiguration": Target(log_delivery.get_log_delivery_configuration),
        "GetSigningCertificate": Target(signing_certificates.get_signing_certificate),
        "GetTokensFromRefreshToken": Target(refresh.get_tokens_from_refresh_token, everything),
        "GetUICustomization": Target(ui_customization.get_ui_customization),
        "GetUser": Target(self_service.get_user, everything),
        "GetUserAttributeVerificationCode": Target(
            verification.get_user_attribute_verification_code, everything
        ),
        "GetUserAuthFactors": Target(mfa_preferences.get_user_auth_factors, everything),
        "GetUserPoolMfaConfig": Target(mfa.get_user_pool_mfa_config),
        "GlobalSignOut": Target(sign_out.global_sign_out, everything),
        "InitiateAuth": Target(operations.initiate_auth, everything),
        "ListDevices": Target(devices.list_devices, everything),
        "ListGroups": Target(groups.list_groups),
        "ListIdentityProviders": Target(providers.list_identity_providers),
        "ListResourceServers": Target(resource_servers.list_resource_servers),
        "ListTagsForResource": Target(tags.list_tags_for_resource, named_by_arn),
        "ListTerms": Target(terms.list_terms),
        "ListUserPoolClients": Target(clients.list_user_pool_clients),
        "ListUserPoolClientSecrets": Target(client_secrets.list_user_pool_client_secrets),
        "ListUserPools": Target(pools.list_user_pools, everything),
        "ListUsers": Target(listing.list_users),
        "ListUsersInGroup": Target(membership.list_users_in_group),
        "ListWebAuthnCredentials": Target(passkeys.list_web_authn_credentials, everything),
        "ResendConfirmationCode": Target(confirmation.resend_confirmation_code, everything),
        "RespondToAuthChallenge": Target(operations.respond_to_auth_challenge, everything),
        "RevokeToken": Target(sign_out.revoke_token, everything),
        "SetLogDeliveryConfiguration": Target(log_delivery.set_log_delivery_configuration),
        "SetRiskConfiguration": Target(risk_configuration.set_risk_configuration),
        "SetUICustomization": Target(ui_customization.set_ui_customization),
        "SetUserMFAPreference": Target(mfa_preferences.set_user_mfa_preference, everything),
        "SetUserPoolMfaConfig": Target(mfa.set_user_pool_mfa_config),
        "SetUserSettings": Target(mfa_preferences.set_user_settings, everything),
        "SignUp": Target(sign_up.sign_up, everything),
        "StartWebAuthnRegistration": Target(passkeys.start_web_authn_registration, everything),
        "TagResource": Target(tags.tag_resource, named_by_arn),
        "UntagResource": Target(tags.untag_resource, named_by_arn),
        "UpdateAuthEventFeedback": Target(event_history.update_auth_event_feedback),
        "UpdateDeviceStatus": Target(devices.update_device_status, everything),
        "UpdateGroup": Target(groups.update_group),
        "UpdateIdentityProvider": Target(providers.update_identity_provider),
        "UpdateManagedLoginBranding": Target(branding.update_managed_login_branding),
        "UpdateResourceServer": Target(resource_servers.update_resource_server),
        "UpdateTerms": Target(terms.update_terms),
        "UpdateUserAttributes": Target(verification.update_user_attributes, everything),
        "UpdateUserPool": Target(pools.update_user_pool),
        "UpdateUserPoolClient": Target(clients.update_user_pool_client),
        "UpdateUserPoolDomain": Target(domains.update_user_pool_domain),
        "VerifySoftwareToken": Target(software_tokens.verify_software_token, everything),
        "VerifyUserAttribute": Target(verification.verify_user_attribute, everything),
    },
    "cognito-identity": {},
    "kms": {
        "Decrypt": Target(keys.decrypt, kms_key),
        "DescribeKey": Target(keys.describe_key, kms_key),
        "Encrypt": Target(keys.encrypt, kms_key),
        "GenerateDataKey": Target(keys.generate_data_key, kms_key),
    },
    "poolhouse": {
        "CreateAccessKey": Target(access_keys.create_access_key, everything),
        "DeleteAccessKey": Target(access_keys.delete_access_key, access_key),
        "DescribeUserPoolClientExtensions": Target(extensions.describe_user_pool_client_extensions),
        "DescribeUserPoolExtensions": Target(extensions.describe_user_pool_extensions),
        "GetAccessKey": Target(access_keys.get_access_key, access_key),
        "GetPagesPreview": Target(previews.get_pages_preview),
        "GetServerStatus": Target(server.get_server_status, everything),
        "ListAccessKeys": Target(access_keys.list_access_keys, everything),
        "ListAuditEvents": Target(audit.list_audit_events, user_pool_or_everything),
        "ListInboxMessages": Target(inbox.list_inbox_messages, user_pool_or_everything),
        "ListSigningKeys": Target(signing_keys.list_signing_keys),
        "RotateMasterKey": Target(server.rotate_master_key, everything),
        "RotateSigningKey": Target(signing_keys.rotate_signing_key),
        "UpdateAccessKey": Target(access_keys.update_access_key, access_key),
        "UpdateUserPoolClientExtensions": Target(extensions.update_user_pool_client_extensions),
        "UpdateUserPoolExtensions": Target(extensions.update_user_pool_extensions),
    },
}
_GIVE_TOKENS = ("AdminInitiateAuth", "GetClientToken", "GetTokensFromRefreshToken", "InitiateAuth")


def telling_of_tokens(targets: Targets) -> Targets:
    """The table of a server whose audit tells of every token."""
    of_pools = dict(targets["cognito-idp"])
    for name in _GIVE_TOKENS:
        of_pools[name] = replace(of_pools[name], function=telling(of_pools[name].function))
    return {**targets, "cognito-idp": of_pools}
