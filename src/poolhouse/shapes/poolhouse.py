"""Types of the service `poolhouse`. Generated from its model by `make shapes`: do not edit."""

from __future__ import annotations

from typing import Required, TypedDict


class AccessKeyType(TypedDict, total=False):
    AccessKeyId: str
    UserName: str
    Arn: str
    Status: str
    Policy: str
    InheritedPolicies: list[str]
    CreateDate: float
    SecretAccessKey: str


class AuditEventType(TypedDict, total=False):
    EventId: str
    EventTime: float
    EventName: str
    Actor: str
    SourceIpAddress: str
    UserPoolId: str
    UserSub: str
    ClientId: str
    ErrorCode: str
    CloudTrailEvent: str


class CreateAccessKeyRequest(TypedDict, total=False):
    UserName: Required[str]
    Policy: Required[str]


class CreateAccessKeyResponse(TypedDict, total=False):
    AccessKey: AccessKeyType


class DeleteAccessKeyRequest(TypedDict, total=False):
    AccessKeyId: Required[str]


class DescribeUserPoolClientExtensionsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]


class DescribeUserPoolClientExtensionsResponse(TypedDict, total=False):
    Extensions: UserPoolClientExtensionsType


class DescribeUserPoolExtensionsRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class DescribeUserPoolExtensionsResponse(TypedDict, total=False):
    Extensions: UserPoolExtensionsType


class GetAccessKeyRequest(TypedDict, total=False):
    AccessKeyId: Required[str]


class GetAccessKeyResponse(TypedDict, total=False):
    AccessKey: AccessKeyType


class GetPagesPreviewRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]


class GetPagesPreviewResponse(TypedDict, total=False):
    Address: str
    ExpirationDate: float
    Pages: list[PreviewPageType]


class GetServerStatusRequest(TypedDict, total=False):
    pass


class GetServerStatusResponse(TypedDict, total=False):
    Status: ServerStatusType


class InboxMessageType(TypedDict, total=False):
    MessageId: str
    UserPoolId: str
    Medium: str
    Purpose: str
    Destination: str
    UserName: str
    Subject: str
    Body: str
    Code: str
    CreateDate: float


class ListAccessKeysRequest(TypedDict, total=False):
    MaxResults: int
    NextToken: str


class ListAccessKeysResponse(TypedDict, total=False):
    AccessKeys: list[AccessKeyType]
    NextToken: str


class ListAuditEventsRequest(TypedDict, total=False):
    UserPoolId: str
    Username: str
    EventNames: list[str]
    Actor: str
    StartTime: float
    EndTime: float
    MaxResults: int
    NextToken: str


class ListAuditEventsResponse(TypedDict, total=False):
    AuditEvents: Required[list[AuditEventType]]
    NextToken: str


class ListInboxMessagesRequest(TypedDict, total=False):
    UserPoolId: str
    MaxResults: int
    NextToken: str


class ListInboxMessagesResponse(TypedDict, total=False):
    Messages: list[InboxMessageType]
    NextToken: str


class ListSigningKeysRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class ListSigningKeysResponse(TypedDict, total=False):
    SigningKeys: list[SigningKeyType]


class PreviewPageType(TypedDict, total=False):
    Name: str
    Title: str
    Group: str


class RotateMasterKeyRequest(TypedDict, total=False):
    pass


class RotateMasterKeyResponse(TypedDict, total=False):
    RewrappedDataKeys: int
    MasterKeyId: str


class RotateSigningKeyRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Use: str
    LeadSeconds: int
    WithdrawNow: bool


class RotateSigningKeyResponse(TypedDict, total=False):
    SigningKeys: list[SigningKeyType]


class ServerStatusType(TypedDict, total=False):
    Version: str
    DatabaseEngine: str
    DatabaseVersion: str
    MigrationRevision: str
    MasterKeyId: str
    PublicUrl: str
    Region: str
    AccountId: str
    StartDate: float


class SigningKeyType(TypedDict, total=False):
    KeyId: str
    Use: str
    Status: str
    CreateDate: float
    SignsFrom: float
    WithdrawDate: float


class UpdateAccessKeyRequest(TypedDict, total=False):
    AccessKeyId: Required[str]
    Policy: str
    Status: str


class UpdateAccessKeyResponse(TypedDict, total=False):
    AccessKey: AccessKeyType


class UpdateUserPoolClientExtensionsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    Audience: str
    RequirePkce: bool
    TokenClaims: str


class UpdateUserPoolClientExtensionsResponse(TypedDict, total=False):
    Extensions: UserPoolClientExtensionsType


class UpdateUserPoolExtensionsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Issuer: str


class UpdateUserPoolExtensionsResponse(TypedDict, total=False):
    Extensions: UserPoolExtensionsType


class UserPoolClientExtensionsType(TypedDict, total=False):
    UserPoolId: str
    ClientId: str
    Audience: str
    RequirePkce: bool
    TokenClaims: str


class UserPoolExtensionsType(TypedDict, total=False):
    UserPoolId: str
    Issuer: str
    EffectiveIssuer: str
