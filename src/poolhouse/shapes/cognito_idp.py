"""Types of the service `cognito-idp`. Generated from its model by `make shapes`: do not edit."""

from __future__ import annotations

from typing import Any, Required, TypedDict


class AccountRecoverySettingType(TypedDict, total=False):
    RecoveryMechanisms: list[RecoveryOptionType]


class AccountTakeoverActionType(TypedDict, total=False):
    Notify: Required[bool]
    EventAction: Required[str]


class AccountTakeoverActionsType(TypedDict, total=False):
    LowAction: AccountTakeoverActionType
    MediumAction: AccountTakeoverActionType
    HighAction: AccountTakeoverActionType


class AccountTakeoverRiskConfigurationType(TypedDict, total=False):
    NotifyConfiguration: NotifyConfigurationType
    Actions: Required[AccountTakeoverActionsType]


class AcrLevelConfigType(TypedDict, total=False):
    AcrValue: Required[str]


class AddCustomAttributesRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    CustomAttributes: Required[list[SchemaAttributeType]]


class AddCustomAttributesResponse(TypedDict, total=False):
    pass


class AddUserPoolClientSecretRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    ClientSecret: str


class AddUserPoolClientSecretResponse(TypedDict, total=False):
    ClientSecretDescriptor: ClientSecretDescriptorType


class AdminAddUserToGroupRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    GroupName: Required[str]


class AdminConfirmSignUpRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    ClientMetadata: dict[str, str]


class AdminConfirmSignUpResponse(TypedDict, total=False):
    pass


class AdminCreateUserConfigType(TypedDict, total=False):
    AllowAdminCreateUserOnly: bool
    UnusedAccountValidityDays: int
    InviteMessageTemplate: MessageTemplateType


class AdminCreateUserRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    UserAttributes: list[AttributeType]
    ValidationData: list[AttributeType]
    TemporaryPassword: str
    ForceAliasCreation: bool
    MessageAction: str
    DesiredDeliveryMediums: list[str]
    ClientMetadata: dict[str, str]


class AdminCreateUserResponse(TypedDict, total=False):
    User: UserType


class AdminDeleteSoftwareTokenRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]


class AdminDeleteSoftwareTokenResponse(TypedDict, total=False):
    pass


class AdminDeleteUserAttributesRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    UserAttributeNames: Required[list[str]]


class AdminDeleteUserAttributesResponse(TypedDict, total=False):
    pass


class AdminDeleteUserRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]


class AdminDisableProviderForUserRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    User: Required[ProviderUserIdentifierType]


class AdminDisableProviderForUserResponse(TypedDict, total=False):
    pass


class AdminDisableUserRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]


class AdminDisableUserResponse(TypedDict, total=False):
    pass


class AdminEnableUserRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]


class AdminEnableUserResponse(TypedDict, total=False):
    pass


class AdminForgetDeviceRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    DeviceKey: Required[str]


class AdminGetDeviceRequest(TypedDict, total=False):
    DeviceKey: Required[str]
    UserPoolId: Required[str]
    Username: Required[str]


class AdminGetDeviceResponse(TypedDict, total=False):
    Device: Required[DeviceType]


class AdminGetUserAuthFactorsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]


class AdminGetUserAuthFactorsResponse(TypedDict, total=False):
    Username: Required[str]
    PreferredMfaSetting: str
    UserMFASettingList: list[str]
    ConfiguredUserAuthFactors: list[str]


class AdminGetUserRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]


class AdminGetUserResponse(TypedDict, total=False):
    Username: Required[str]
    UserAttributes: list[AttributeType]
    UserCreateDate: float
    UserLastModifiedDate: float
    Enabled: bool
    UserStatus: str
    MFAOptions: list[MFAOptionType]
    PreferredMfaSetting: str
    UserMFASettingList: list[str]


class AdminInitiateAuthRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    AuthFlow: Required[str]
    AuthParameters: dict[str, str]
    ClientMetadata: dict[str, str]
    AnalyticsMetadata: AnalyticsMetadataType
    ContextData: ContextDataType
    Session: str


class AdminInitiateAuthResponse(TypedDict, total=False):
    ChallengeName: str
    Session: str
    ChallengeParameters: dict[str, str]
    AuthenticationResult: AuthenticationResultType
    AvailableChallenges: list[str]


class AdminLinkProviderForUserRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    DestinationUser: Required[ProviderUserIdentifierType]
    SourceUser: Required[ProviderUserIdentifierType]


class AdminLinkProviderForUserResponse(TypedDict, total=False):
    pass


class AdminListDevicesRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    Limit: int
    PaginationToken: str


class AdminListDevicesResponse(TypedDict, total=False):
    Devices: list[DeviceType]
    PaginationToken: str


class AdminListGroupsForUserRequest(TypedDict, total=False):
    Username: Required[str]
    UserPoolId: Required[str]
    Limit: int
    NextToken: str


class AdminListGroupsForUserResponse(TypedDict, total=False):
    Groups: list[GroupType]
    NextToken: str


class AdminListUserAuthEventsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    MaxResults: int
    NextToken: str


class AdminListUserAuthEventsResponse(TypedDict, total=False):
    AuthEvents: list[AuthEventType]
    NextToken: str


class AdminListUserSessionsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    NextToken: str


class AdminListUserSessionsResponse(TypedDict, total=False):
    Sessions: list[SessionDescriptionType]
    NextToken: str


class AdminRemoveUserFromGroupRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    GroupName: Required[str]


class AdminResetUserPasswordRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    ClientMetadata: dict[str, str]


class AdminResetUserPasswordResponse(TypedDict, total=False):
    pass


class AdminRespondToAuthChallengeRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    ChallengeName: Required[str]
    ChallengeResponses: dict[str, str]
    Session: str
    AnalyticsMetadata: AnalyticsMetadataType
    ContextData: ContextDataType
    ClientMetadata: dict[str, str]


class AdminRespondToAuthChallengeResponse(TypedDict, total=False):
    ChallengeName: str
    Session: str
    ChallengeParameters: dict[str, str]
    AuthenticationResult: AuthenticationResultType
    AvailableChallenges: list[str]


class AdminRevokeUserSessionRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    SessionId: Required[str]
    RevokeAssociatedSessions: str


class AdminRevokeUserSessionResponse(TypedDict, total=False):
    pass


class AdminSetUserMFAPreferenceRequest(TypedDict, total=False):
    SMSMfaSettings: SMSMfaSettingsType
    SoftwareTokenMfaSettings: SoftwareTokenMfaSettingsType
    EmailMfaSettings: EmailMfaSettingsType
    WebAuthnMfaSettings: WebAuthnMfaSettingsType
    Username: Required[str]
    UserPoolId: Required[str]


class AdminSetUserMFAPreferenceResponse(TypedDict, total=False):
    pass


class AdminSetUserPasswordRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    Password: Required[str]
    Permanent: bool


class AdminSetUserPasswordResponse(TypedDict, total=False):
    pass


class AdminSetUserSettingsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    MFAOptions: Required[list[MFAOptionType]]


class AdminSetUserSettingsResponse(TypedDict, total=False):
    pass


class AdminUpdateAuthEventFeedbackRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    EventId: Required[str]
    FeedbackValue: Required[str]


class AdminUpdateAuthEventFeedbackResponse(TypedDict, total=False):
    pass


class AdminUpdateDeviceStatusRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    DeviceKey: Required[str]
    DeviceRememberedStatus: str


class AdminUpdateDeviceStatusResponse(TypedDict, total=False):
    pass


class AdminUpdateUserAttributesRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    UserAttributes: Required[list[AttributeType]]
    ClientMetadata: dict[str, str]


class AdminUpdateUserAttributesResponse(TypedDict, total=False):
    pass


class AdminUserGlobalSignOutRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]


class AdminUserGlobalSignOutResponse(TypedDict, total=False):
    pass


class AdvancedSecurityAdditionalFlowsType(TypedDict, total=False):
    CustomAuthMode: str


class AnalyticsConfigurationType(TypedDict, total=False):
    ApplicationId: str
    ApplicationArn: str
    RoleArn: str
    ExternalId: str
    UserDataShared: bool


class AnalyticsMetadataType(TypedDict, total=False):
    AnalyticsEndpointId: str


class AssetType(TypedDict, total=False):
    Category: Required[str]
    ColorMode: Required[str]
    Extension: Required[str]
    Bytes: str
    ResourceId: str


class AssociateSoftwareTokenRequest(TypedDict, total=False):
    AccessToken: str
    Session: str


class AssociateSoftwareTokenResponse(TypedDict, total=False):
    SecretCode: str
    Session: str


class AttributeType(TypedDict, total=False):
    Name: Required[str]
    Value: str


class AuthEventType(TypedDict, total=False):
    EventId: str
    EventType: str
    CreationDate: float
    EventResponse: str
    EventRisk: EventRiskType
    ChallengeResponses: list[ChallengeResponseType]
    EventContextData: EventContextDataType
    EventFeedback: EventFeedbackType


class AuthenticationResultType(TypedDict, total=False):
    AccessToken: str
    ExpiresIn: int
    TokenType: str
    RefreshToken: str
    IdToken: str
    NewDeviceMetadata: NewDeviceMetadataType


class CIMDPolicySummaryType(TypedDict, total=False):
    CIMDPolicyId: Required[str]
    ClientId: str
    PolicyName: Required[str]
    CacheDuration: int
    CreationDate: float
    LastModifiedDate: float


class CIMDPolicyType(TypedDict, total=False):
    UserPoolId: Required[str]
    CIMDPolicyId: Required[str]
    ClientId: str
    PolicyName: Required[str]
    CacheDuration: int
    URLPatterns: list[str]
    CreationDate: float
    LastModifiedDate: float


class CancelPointInTimeRecoveryRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    RestoreId: Required[str]


class CancelPointInTimeRecoveryResponse(TypedDict, total=False):
    Restoration: RestorationType


class ChallengeResponseType(TypedDict, total=False):
    ChallengeName: str
    ChallengeResponse: str


class ChangePasswordRequest(TypedDict, total=False):
    PreviousPassword: str
    ProposedPassword: Required[str]
    AccessToken: Required[str]


class ChangePasswordResponse(TypedDict, total=False):
    pass


class ClientAuthenticationResultType(TypedDict, total=False):
    AccessToken: str
    ExpiresIn: int
    TokenType: str


class ClientMetadataURLType(TypedDict, total=False):
    URL: Required[str]
    CachedDate: float
    ExpirationDate: float


class ClientSSOSessionConfigType(TypedDict, total=False):
    MaxValidityMinutes: Required[int]


class ClientSecretDescriptorType(TypedDict, total=False):
    ClientSecretId: str
    ClientSecretValue: str
    ClientSecretCreateDate: float


class CloudWatchLogsConfigurationType(TypedDict, total=False):
    LogGroupArn: str


class CodeDeliveryDetailsType(TypedDict, total=False):
    Destination: str
    DeliveryMedium: str
    AttributeName: str


class CompleteWebAuthnRegistrationRequest(TypedDict, total=False):
    AccessToken: Required[str]
    Credential: Required[Any]


class CompleteWebAuthnRegistrationResponse(TypedDict, total=False):
    pass


class CompromisedCredentialsActionsType(TypedDict, total=False):
    EventAction: Required[str]


class CompromisedCredentialsRiskConfigurationType(TypedDict, total=False):
    EventFilter: list[str]
    Actions: Required[CompromisedCredentialsActionsType]


class ConfirmDeviceRequest(TypedDict, total=False):
    AccessToken: Required[str]
    DeviceKey: Required[str]
    DeviceSecretVerifierConfig: DeviceSecretVerifierConfigType
    DeviceName: str


class ConfirmDeviceResponse(TypedDict, total=False):
    UserConfirmationNecessary: bool


class ConfirmForgotPasswordRequest(TypedDict, total=False):
    ClientId: Required[str]
    SecretHash: str
    Username: Required[str]
    ConfirmationCode: Required[str]
    Password: Required[str]
    AnalyticsMetadata: AnalyticsMetadataType
    UserContextData: UserContextDataType
    ClientMetadata: dict[str, str]


class ConfirmForgotPasswordResponse(TypedDict, total=False):
    pass


class ConfirmSignUpRequest(TypedDict, total=False):
    ClientId: Required[str]
    SecretHash: str
    Username: Required[str]
    ConfirmationCode: Required[str]
    ForceAliasCreation: bool
    AnalyticsMetadata: AnalyticsMetadataType
    UserContextData: UserContextDataType
    ClientMetadata: dict[str, str]
    Session: str


class ConfirmSignUpResponse(TypedDict, total=False):
    Session: str


class ContextDataType(TypedDict, total=False):
    IpAddress: Required[str]
    ServerName: Required[str]
    ServerPath: Required[str]
    HttpHeaders: Required[list[HttpHeader]]
    EncodedData: str


class CreateCIMDPolicyRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    PolicyName: Required[str]
    CacheDuration: int
    URLPatterns: Required[list[str]]


class CreateCIMDPolicyResponse(TypedDict, total=False):
    CIMDPolicy: Required[CIMDPolicyType]


class CreateGroupRequest(TypedDict, total=False):
    GroupName: Required[str]
    UserPoolId: Required[str]
    Description: str
    RoleArn: str
    Precedence: int


class CreateGroupResponse(TypedDict, total=False):
    Group: GroupType


class CreateIdentityProviderRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ProviderName: Required[str]
    ProviderType: Required[str]
    ProviderDetails: Required[dict[str, str]]
    AttributeMapping: dict[str, str]
    IdpIdentifiers: list[str]
    AcrMapping: dict[str, str]


class CreateIdentityProviderResponse(TypedDict, total=False):
    IdentityProvider: Required[IdentityProviderType]


class CreateManagedLoginBrandingRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    UseCognitoProvidedValues: bool
    Settings: Any
    Assets: list[AssetType]


class CreateManagedLoginBrandingResponse(TypedDict, total=False):
    ManagedLoginBranding: ManagedLoginBrandingType


class CreateResourceServerRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Identifier: Required[str]
    Name: Required[str]
    Scopes: list[ResourceServerScopeType]


class CreateResourceServerResponse(TypedDict, total=False):
    ResourceServer: Required[ResourceServerType]


class CreateTermsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    TermsName: Required[str]
    TermsSource: Required[str]
    Enforcement: Required[str]
    Links: dict[str, str]


class CreateTermsResponse(TypedDict, total=False):
    Terms: TermsType


class CreateUserImportJobRequest(TypedDict, total=False):
    JobName: Required[str]
    UserPoolId: Required[str]
    CloudWatchLogsRoleArn: Required[str]
    PasswordHashingAlgorithm: str


class CreateUserImportJobResponse(TypedDict, total=False):
    UserImportJob: UserImportJobType


class CreateUserPoolClientRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientName: Required[str]
    GenerateSecret: bool
    ClientSecret: str
    RefreshTokenValidity: int
    AccessTokenValidity: int
    IdTokenValidity: int
    TokenValidityUnits: TokenValidityUnitsType
    ReadAttributes: list[str]
    WriteAttributes: list[str]
    ExplicitAuthFlows: list[str]
    SupportedIdentityProviders: list[str]
    CallbackURLs: list[str]
    LogoutURLs: list[str]
    DefaultRedirectURI: str
    AllowedOAuthFlows: list[str]
    AllowedOAuthScopes: list[str]
    AllowedOAuthFlowsUserPoolClient: bool
    AnalyticsConfiguration: AnalyticsConfigurationType
    PreventUserExistenceErrors: str
    EnableTokenRevocation: bool
    EnablePropagateAdditionalUserContextData: bool
    AuthSessionValidity: int
    RefreshTokenRotation: RefreshTokenRotationType
    PublishSecretsInAWSSecretsManager: bool


class CreateUserPoolClientResponse(TypedDict, total=False):
    UserPoolClient: UserPoolClientType


class CreateUserPoolDomainRequest(TypedDict, total=False):
    Domain: Required[str]
    UserPoolId: Required[str]
    ManagedLoginVersion: int
    CustomDomainConfig: CustomDomainConfigType
    Routing: RoutingType


class CreateUserPoolDomainResponse(TypedDict, total=False):
    ManagedLoginVersion: int
    CloudFrontDomain: str
    Routing: RoutingType


class CreateUserPoolReplicaRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    RegionName: Required[str]
    UserPoolTags: dict[str, str]


class CreateUserPoolReplicaResponse(TypedDict, total=False):
    UserPoolReplica: UserPoolReplicaType


class CreateUserPoolRequest(TypedDict, total=False):
    PoolName: Required[str]
    Policies: UserPoolPolicyType
    DeletionProtection: str
    LambdaConfig: LambdaConfigType
    AutoVerifiedAttributes: list[str]
    AliasAttributes: list[str]
    UsernameAttributes: list[str]
    SmsVerificationMessage: str
    EmailVerificationMessage: str
    EmailVerificationSubject: str
    VerificationMessageTemplate: VerificationMessageTemplateType
    SmsAuthenticationMessage: str
    MfaConfiguration: str
    UserAttributeUpdateSettings: UserAttributeUpdateSettingsType
    DeviceConfiguration: DeviceConfigurationType
    EmailConfiguration: EmailConfigurationType
    SmsConfiguration: SmsConfigurationType
    UserPoolTags: dict[str, str]
    AdminCreateUserConfig: AdminCreateUserConfigType
    Schema: list[SchemaAttributeType]
    UserPoolAddOns: UserPoolAddOnsType
    DcrConfiguration: DcrConfigurationType
    UsernameConfiguration: UsernameConfigurationType
    AccountRecoverySetting: AccountRecoverySettingType
    UserPoolTier: str
    KeyConfiguration: KeyConfigurationType
    IssuerConfiguration: IssuerConfigurationType
    AcrConfiguration: dict[str, AcrLevelConfigType]


class CreateUserPoolResponse(TypedDict, total=False):
    UserPool: UserPoolType


class CustomDomainConfigType(TypedDict, total=False):
    CertificateArn: Required[str]
    SecurityPolicy: str


class CustomEmailLambdaVersionConfigType(TypedDict, total=False):
    LambdaVersion: Required[str]
    LambdaArn: Required[str]


class CustomSMSLambdaVersionConfigType(TypedDict, total=False):
    LambdaVersion: Required[str]
    LambdaArn: Required[str]


class DcrConfigurationType(TypedDict, total=False):
    EnableStatus: str
    OpenDcrEnabled: bool
    AuthenticatedGrantTypes: list[str]
    OpenDcrGrantTypes: list[str]
    AllowedScopes: list[str]


class DeleteCIMDPolicyRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    CIMDPolicyId: Required[str]


class DeleteCIMDPolicyResponse(TypedDict, total=False):
    pass


class DeleteGroupRequest(TypedDict, total=False):
    GroupName: Required[str]
    UserPoolId: Required[str]


class DeleteIdentityProviderRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ProviderName: Required[str]


class DeleteManagedLoginBrandingRequest(TypedDict, total=False):
    ManagedLoginBrandingId: Required[str]
    UserPoolId: Required[str]


class DeleteResourceServerRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Identifier: Required[str]


class DeleteTermsRequest(TypedDict, total=False):
    TermsId: Required[str]
    UserPoolId: Required[str]


class DeleteUserAttributesRequest(TypedDict, total=False):
    UserAttributeNames: Required[list[str]]
    AccessToken: Required[str]


class DeleteUserAttributesResponse(TypedDict, total=False):
    pass


class DeleteUserPoolClientRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]


class DeleteUserPoolClientSecretRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    ClientSecretId: Required[str]


class DeleteUserPoolClientSecretResponse(TypedDict, total=False):
    pass


class DeleteUserPoolDomainRequest(TypedDict, total=False):
    Domain: Required[str]
    UserPoolId: Required[str]


class DeleteUserPoolDomainResponse(TypedDict, total=False):
    pass


class DeleteUserPoolReplicaRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    RegionName: Required[str]


class DeleteUserPoolReplicaResponse(TypedDict, total=False):
    UserPoolReplica: UserPoolReplicaType


class DeleteUserPoolRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class DeleteUserRequest(TypedDict, total=False):
    AccessToken: Required[str]


class DeleteWebAuthnCredentialRequest(TypedDict, total=False):
    AccessToken: Required[str]
    CredentialId: Required[str]


class DeleteWebAuthnCredentialResponse(TypedDict, total=False):
    pass


class DescribeCIMDPolicyRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    CIMDPolicyId: Required[str]


class DescribeCIMDPolicyResponse(TypedDict, total=False):
    CIMDPolicy: Required[CIMDPolicyType]


class DescribeIdentityProviderRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ProviderName: Required[str]


class DescribeIdentityProviderResponse(TypedDict, total=False):
    IdentityProvider: Required[IdentityProviderType]


class DescribeManagedLoginBrandingByClientRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    ReturnMergedResources: bool


class DescribeManagedLoginBrandingByClientResponse(TypedDict, total=False):
    ManagedLoginBranding: ManagedLoginBrandingType


class DescribeManagedLoginBrandingRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ManagedLoginBrandingId: Required[str]
    ReturnMergedResources: bool


class DescribeManagedLoginBrandingResponse(TypedDict, total=False):
    ManagedLoginBranding: ManagedLoginBrandingType


class DescribePointInTimeRecoveryRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    RestoreId: Required[str]


class DescribePointInTimeRecoveryResponse(TypedDict, total=False):
    Restoration: RestorationType


class DescribeResourceServerRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Identifier: Required[str]


class DescribeResourceServerResponse(TypedDict, total=False):
    ResourceServer: Required[ResourceServerType]


class DescribeRiskConfigurationRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: str


class DescribeRiskConfigurationResponse(TypedDict, total=False):
    RiskConfiguration: Required[RiskConfigurationType]


class DescribeTermsByClientRequest(TypedDict, total=False):
    ClientId: Required[str]
    UserPoolId: Required[str]
    TermsName: Required[str]


class DescribeTermsByClientResponse(TypedDict, total=False):
    Terms: TermsType


class DescribeTermsRequest(TypedDict, total=False):
    TermsId: Required[str]
    UserPoolId: Required[str]


class DescribeTermsResponse(TypedDict, total=False):
    Terms: TermsType


class DescribeUserImportJobRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    JobId: Required[str]


class DescribeUserImportJobResponse(TypedDict, total=False):
    UserImportJob: UserImportJobType


class DescribeUserPoolClientRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]


class DescribeUserPoolClientResponse(TypedDict, total=False):
    UserPoolClient: UserPoolClientType


class DescribeUserPoolDomainRequest(TypedDict, total=False):
    Domain: Required[str]


class DescribeUserPoolDomainResponse(TypedDict, total=False):
    DomainDescription: DomainDescriptionType


class DescribeUserPoolRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class DescribeUserPoolResponse(TypedDict, total=False):
    UserPool: UserPoolType


class DeviceConfigurationType(TypedDict, total=False):
    ChallengeRequiredOnNewDevice: bool
    DeviceOnlyRememberedOnUserPrompt: bool


class DeviceSecretVerifierConfigType(TypedDict, total=False):
    PasswordVerifier: str
    Salt: str


class DeviceType(TypedDict, total=False):
    DeviceKey: str
    DeviceAttributes: list[AttributeType]
    DeviceCreateDate: float
    DeviceLastModifiedDate: float
    DeviceLastAuthenticatedDate: float


class DomainDescriptionType(TypedDict, total=False):
    UserPoolId: str
    AWSAccountId: str
    Domain: str
    S3Bucket: str
    CloudFrontDistribution: str
    Version: str
    Status: str
    CustomDomainConfig: CustomDomainConfigType
    ManagedLoginVersion: int
    Routing: RoutingType


class EmailConfigurationType(TypedDict, total=False):
    SourceArn: str
    ReplyToEmailAddress: str
    EmailSendingAccount: str
    From: str
    ConfigurationSet: str


class EmailMfaConfigType(TypedDict, total=False):
    Message: str
    Subject: str


class EmailMfaSettingsType(TypedDict, total=False):
    Enabled: bool
    PreferredMfa: bool


class EumsSmsConfigurationType(TypedDict, total=False):
    CallerArn: Required[str]
    ExternalId: str
    OriginationIdentity: str
    ConfigurationSetName: str
    InEntityId: str
    InTemplateId: str
    Region: str


class EventContextDataType(TypedDict, total=False):
    IpAddress: str
    DeviceName: str
    Timezone: str
    City: str
    Country: str


class EventFeedbackType(TypedDict, total=False):
    FeedbackValue: Required[str]
    Provider: Required[str]
    FeedbackDate: float


class EventRiskType(TypedDict, total=False):
    RiskDecision: str
    RiskLevel: str
    CompromisedCredentialsDetected: bool


class FailoverType(TypedDict, total=False):
    SecondaryRegion: Required[str]
    PrimaryRoute53HealthCheckId: Required[str]


class FirehoseConfigurationType(TypedDict, total=False):
    StreamArn: str


class ForgetDeviceRequest(TypedDict, total=False):
    AccessToken: str
    DeviceKey: Required[str]


class ForgotPasswordRequest(TypedDict, total=False):
    ClientId: Required[str]
    SecretHash: str
    UserContextData: UserContextDataType
    Username: Required[str]
    AnalyticsMetadata: AnalyticsMetadataType
    ClientMetadata: dict[str, str]


class ForgotPasswordResponse(TypedDict, total=False):
    CodeDeliveryDetails: CodeDeliveryDetailsType


class GetCSVHeaderRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class GetCSVHeaderResponse(TypedDict, total=False):
    UserPoolId: str
    CSVHeader: list[str]


class GetClientTokenRequest(TypedDict, total=False):
    ClientId: Required[str]
    Secret: Required[str]
    Scopes: list[str]
    ClientMetadata: dict[str, str]


class GetClientTokenResponse(TypedDict, total=False):
    ClientAuthenticationResult: ClientAuthenticationResultType


class GetDerivedTokenRequest(TypedDict, total=False):
    ClientId: Required[str]
    ClientSecret: str
    SubjectToken: Required[str]
    SubjectTokenType: Required[str]
    SubjectTokenProviderName: str
    ActorToken: str
    ActorTokenType: str
    ActorTokenProviderName: str
    Scopes: list[str]
    Audiences: list[str]
    Resources: list[str]
    RequestedTokenType: str


class GetDerivedTokenResponse(TypedDict, total=False):
    IssuedToken: Required[str]
    IssuedTokenType: Required[str]
    TokenType: Required[str]
    ExpiresIn: int
    Scopes: list[str]


class GetDeviceRequest(TypedDict, total=False):
    DeviceKey: Required[str]
    AccessToken: str


class GetDeviceResponse(TypedDict, total=False):
    Device: Required[DeviceType]


class GetGroupRequest(TypedDict, total=False):
    GroupName: Required[str]
    UserPoolId: Required[str]


class GetGroupResponse(TypedDict, total=False):
    Group: GroupType


class GetIdentityProviderByIdentifierRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    IdpIdentifier: Required[str]


class GetIdentityProviderByIdentifierResponse(TypedDict, total=False):
    IdentityProvider: Required[IdentityProviderType]


class GetLogDeliveryConfigurationRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class GetLogDeliveryConfigurationResponse(TypedDict, total=False):
    LogDeliveryConfiguration: LogDeliveryConfigurationType


class GetProvisionedLimitRequest(TypedDict, total=False):
    LimitDefinition: Required[LimitDefinitionType]


class GetProvisionedLimitResponse(TypedDict, total=False):
    Limit: Required[LimitType]


class GetSigningCertificateRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class GetSigningCertificateResponse(TypedDict, total=False):
    Certificate: str


class GetTokensFromRefreshTokenRequest(TypedDict, total=False):
    RefreshToken: Required[str]
    ClientId: Required[str]
    ClientSecret: str
    DeviceKey: str
    ClientMetadata: dict[str, str]


class GetTokensFromRefreshTokenResponse(TypedDict, total=False):
    AuthenticationResult: AuthenticationResultType


class GetUICustomizationRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: str


class GetUICustomizationResponse(TypedDict, total=False):
    UICustomization: Required[UICustomizationType]


class GetUserAttributeVerificationCodeRequest(TypedDict, total=False):
    AccessToken: Required[str]
    AttributeName: Required[str]
    ClientMetadata: dict[str, str]


class GetUserAttributeVerificationCodeResponse(TypedDict, total=False):
    CodeDeliveryDetails: CodeDeliveryDetailsType


class GetUserAuthFactorsRequest(TypedDict, total=False):
    AccessToken: Required[str]


class GetUserAuthFactorsResponse(TypedDict, total=False):
    Username: Required[str]
    PreferredMfaSetting: str
    UserMFASettingList: list[str]
    ConfiguredUserAuthFactors: list[str]


class GetUserPoolClientSessionConfigurationRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]


class GetUserPoolClientSessionConfigurationResponse(TypedDict, total=False):
    UserPoolId: str
    ClientId: str
    SSOSession: ClientSSOSessionConfigType


class GetUserPoolMfaConfigRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class GetUserPoolMfaConfigResponse(TypedDict, total=False):
    SmsMfaConfiguration: SmsMfaConfigType
    SoftwareTokenMfaConfiguration: SoftwareTokenMfaConfigType
    EmailMfaConfiguration: EmailMfaConfigType
    MfaConfiguration: str
    WebAuthnConfiguration: WebAuthnConfigurationType


class GetUserPoolSessionConfigurationRequest(TypedDict, total=False):
    UserPoolId: Required[str]


class GetUserPoolSessionConfigurationResponse(TypedDict, total=False):
    UserPoolId: str
    UserSessionTracking: str
    TokenSession: UserPoolTokenSessionConfigType


class GetUserRequest(TypedDict, total=False):
    AccessToken: Required[str]


class GetUserResponse(TypedDict, total=False):
    Username: Required[str]
    UserAttributes: Required[list[AttributeType]]
    MFAOptions: list[MFAOptionType]
    PreferredMfaSetting: str
    UserMFASettingList: list[str]


class GlobalSignOutRequest(TypedDict, total=False):
    AccessToken: Required[str]


class GlobalSignOutResponse(TypedDict, total=False):
    pass


class GroupType(TypedDict, total=False):
    GroupName: str
    UserPoolId: str
    Description: str
    RoleArn: str
    Precedence: int
    LastModifiedDate: float
    CreationDate: float


class HttpHeader(TypedDict, total=False):
    headerName: str
    headerValue: str


class IdentityProviderType(TypedDict, total=False):
    UserPoolId: str
    ProviderName: str
    ProviderType: str
    ProviderDetails: dict[str, str]
    AttributeMapping: dict[str, str]
    IdpIdentifiers: list[str]
    AcrMapping: dict[str, str]
    LastModifiedDate: float
    CreationDate: float


class InboundFederationLambdaType(TypedDict, total=False):
    LambdaVersion: Required[str]
    LambdaArn: Required[str]


class InitiateAuthRequest(TypedDict, total=False):
    AuthFlow: Required[str]
    AuthParameters: dict[str, str]
    ClientMetadata: dict[str, str]
    ClientId: Required[str]
    AnalyticsMetadata: AnalyticsMetadataType
    UserContextData: UserContextDataType
    Session: str


class InitiateAuthResponse(TypedDict, total=False):
    ChallengeName: str
    Session: str
    ChallengeParameters: dict[str, str]
    AuthenticationResult: AuthenticationResultType
    AvailableChallenges: list[str]


class InitiatePointInTimeRecoveryRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    RestoreTimestamp: Required[float]


class InitiatePointInTimeRecoveryResponse(TypedDict, total=False):
    Restoration: RestorationType


class IssuerConfigurationType(TypedDict, total=False):
    Type: str


class KeyConfigurationType(TypedDict, total=False):
    KeyType: str
    KmsKeyArn: str


class LambdaConfigType(TypedDict, total=False):
    PreSignUp: str
    CustomMessage: str
    PostConfirmation: str
    PreAuthentication: str
    PostAuthentication: str
    DefineAuthChallenge: str
    CreateAuthChallenge: str
    VerifyAuthChallengeResponse: str
    PreTokenGeneration: str
    UserMigration: str
    PreTokenGenerationConfig: PreTokenGenerationVersionConfigType
    CustomSMSSender: CustomSMSLambdaVersionConfigType
    CustomEmailSender: CustomEmailLambdaVersionConfigType
    KMSKeyID: str
    InboundFederation: InboundFederationLambdaType


class LimitDefinitionType(TypedDict, total=False):
    LimitClass: Required[str]
    Attributes: Required[dict[str, str]]


class LimitType(TypedDict, total=False):
    LimitDefinition: Required[LimitDefinitionType]
    ProvisionedLimitValue: Required[int]
    FreeLimitValue: Required[int]


class ListCIMDPoliciesRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    NextToken: str
    MaxResults: int


class ListCIMDPoliciesResponse(TypedDict, total=False):
    NextToken: str
    CIMDPolicies: Required[list[CIMDPolicySummaryType]]


class ListClientMetadataURLsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    CIMDPolicyId: Required[str]
    NextToken: str
    MaxResults: int


class ListClientMetadataURLsResponse(TypedDict, total=False):
    NextToken: str
    ClientMetadataURLs: Required[list[ClientMetadataURLType]]


class ListDevicesRequest(TypedDict, total=False):
    AccessToken: Required[str]
    Limit: int
    PaginationToken: str


class ListDevicesResponse(TypedDict, total=False):
    Devices: list[DeviceType]
    PaginationToken: str


class ListGroupsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Limit: int
    NextToken: str


class ListGroupsResponse(TypedDict, total=False):
    Groups: list[GroupType]
    NextToken: str


class ListIdentityProvidersRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    MaxResults: int
    NextToken: str


class ListIdentityProvidersResponse(TypedDict, total=False):
    Providers: Required[list[ProviderDescription]]
    NextToken: str


class ListPointInTimeRecoveriesRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    NextToken: str
    MaxResults: int


class ListPointInTimeRecoveriesResponse(TypedDict, total=False):
    Restorations: list[RestorationDescriptionType]
    NextToken: str


class ListResourceServersRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    MaxResults: int
    NextToken: str


class ListResourceServersResponse(TypedDict, total=False):
    ResourceServers: Required[list[ResourceServerType]]
    NextToken: str


class ListTagsForResourceRequest(TypedDict, total=False):
    ResourceArn: Required[str]


class ListTagsForResourceResponse(TypedDict, total=False):
    Tags: dict[str, str]


class ListTermsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    MaxResults: int
    NextToken: str


class ListTermsResponse(TypedDict, total=False):
    Terms: Required[list[TermsDescriptionType]]
    NextToken: str


class ListUserImportJobsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    MaxResults: Required[int]
    PaginationToken: str


class ListUserImportJobsResponse(TypedDict, total=False):
    UserImportJobs: list[UserImportJobType]
    PaginationToken: str


class ListUserPoolClientSecretsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    NextToken: str


class ListUserPoolClientSecretsResponse(TypedDict, total=False):
    ClientSecrets: list[ClientSecretDescriptorType]
    NextToken: str


class ListUserPoolClientsRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    MaxResults: int
    NextToken: str
    ClientType: str


class ListUserPoolClientsResponse(TypedDict, total=False):
    UserPoolClients: list[UserPoolClientDescription]
    NextToken: str


class ListUserPoolReplicasRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    NextToken: str


class ListUserPoolReplicasResponse(TypedDict, total=False):
    UserPoolReplicas: list[UserPoolReplicaType]
    NextToken: str


class ListUserPoolsRequest(TypedDict, total=False):
    NextToken: str
    MaxResults: Required[int]


class ListUserPoolsResponse(TypedDict, total=False):
    UserPools: list[UserPoolDescriptionType]
    NextToken: str


class ListUserSessionsRequest(TypedDict, total=False):
    AccessToken: Required[str]
    NextToken: str


class ListUserSessionsResponse(TypedDict, total=False):
    Sessions: list[SessionDescriptionType]
    NextToken: str


class ListUsersInGroupRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    GroupName: Required[str]
    Limit: int
    NextToken: str


class ListUsersInGroupResponse(TypedDict, total=False):
    Users: list[UserType]
    NextToken: str


class ListUsersRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    AttributesToGet: list[str]
    Limit: int
    PaginationToken: str
    Filter: str


class ListUsersResponse(TypedDict, total=False):
    Users: list[UserType]
    PaginationToken: str


class ListWebAuthnCredentialsRequest(TypedDict, total=False):
    AccessToken: Required[str]
    NextToken: str
    MaxResults: int


class ListWebAuthnCredentialsResponse(TypedDict, total=False):
    Credentials: Required[list[WebAuthnCredentialDescription]]
    NextToken: str


class LogConfigurationType(TypedDict, total=False):
    LogLevel: Required[str]
    EventSource: Required[str]
    CloudWatchLogsConfiguration: CloudWatchLogsConfigurationType
    S3Configuration: S3ConfigurationType
    FirehoseConfiguration: FirehoseConfigurationType


class LogDeliveryConfigurationType(TypedDict, total=False):
    UserPoolId: Required[str]
    LogConfigurations: Required[list[LogConfigurationType]]


class MFAOptionType(TypedDict, total=False):
    DeliveryMedium: str
    AttributeName: str


class ManagedLoginBrandingType(TypedDict, total=False):
    ManagedLoginBrandingId: str
    UserPoolId: str
    UseCognitoProvidedValues: bool
    Settings: Any
    Assets: list[AssetType]
    CreationDate: float
    LastModifiedDate: float


class MessageTemplateType(TypedDict, total=False):
    SMSMessage: str
    EmailMessage: str
    EmailSubject: str


class NewDeviceMetadataType(TypedDict, total=False):
    DeviceKey: str
    DeviceGroupKey: str


class NotifyConfigurationType(TypedDict, total=False):
    From: str
    ReplyTo: str
    SourceArn: Required[str]
    BlockEmail: NotifyEmailType
    NoActionEmail: NotifyEmailType
    MfaEmail: NotifyEmailType


class NotifyEmailType(TypedDict, total=False):
    Subject: Required[str]
    HtmlBody: str
    TextBody: str


class NumberAttributeConstraintsType(TypedDict, total=False):
    MinValue: str
    MaxValue: str


class PasswordPolicyType(TypedDict, total=False):
    MinimumLength: int
    RequireUppercase: bool
    RequireLowercase: bool
    RequireNumbers: bool
    RequireSymbols: bool
    PasswordHistorySize: int
    TemporaryPasswordValidityDays: int


class PreTokenGenerationVersionConfigType(TypedDict, total=False):
    LambdaVersion: Required[str]
    LambdaArn: Required[str]


class ProviderDescription(TypedDict, total=False):
    ProviderName: str
    ProviderType: str
    LastModifiedDate: float
    CreationDate: float


class ProviderUserIdentifierType(TypedDict, total=False):
    ProviderName: str
    ProviderAttributeName: str
    ProviderAttributeValue: str


class RecoveryOptionType(TypedDict, total=False):
    Priority: Required[int]
    Name: Required[str]


class RefreshTokenRotationType(TypedDict, total=False):
    Feature: Required[str]
    RetryGracePeriodSeconds: int


class ResendConfirmationCodeRequest(TypedDict, total=False):
    ClientId: Required[str]
    SecretHash: str
    UserContextData: UserContextDataType
    Username: Required[str]
    AnalyticsMetadata: AnalyticsMetadataType
    ClientMetadata: dict[str, str]


class ResendConfirmationCodeResponse(TypedDict, total=False):
    CodeDeliveryDetails: CodeDeliveryDetailsType


class ResourceServerScopeType(TypedDict, total=False):
    ScopeName: Required[str]
    ScopeDescription: Required[str]


class ResourceServerType(TypedDict, total=False):
    UserPoolId: str
    Identifier: str
    Name: str
    Scopes: list[ResourceServerScopeType]
    ManagedBy: str


class RespondToAuthChallengeRequest(TypedDict, total=False):
    ClientId: Required[str]
    ChallengeName: Required[str]
    Session: str
    ChallengeResponses: dict[str, str]
    AnalyticsMetadata: AnalyticsMetadataType
    UserContextData: UserContextDataType
    ClientMetadata: dict[str, str]


class RespondToAuthChallengeResponse(TypedDict, total=False):
    ChallengeName: str
    Session: str
    ChallengeParameters: dict[str, str]
    AuthenticationResult: AuthenticationResultType
    AvailableChallenges: list[str]


class RestorationDescriptionType(TypedDict, total=False):
    RestoreId: str
    RestoreStatus: str
    RestoreTimestamp: float


class RestorationType(TypedDict, total=False):
    RestoreId: str
    RestoreStatus: str
    RestoreTimestamp: float
    TriggerTimestamp: float
    RestorePreview: list[RestorePreviewType]


class RestorePreviewType(TypedDict, total=False):
    Entity: str
    CreateCount: int
    UpdateCount: int
    DeleteCount: int


class RevokeTokenRequest(TypedDict, total=False):
    Token: Required[str]
    ClientId: Required[str]
    ClientSecret: str
    RevokeAssociatedSessions: str


class RevokeTokenResponse(TypedDict, total=False):
    pass


class RevokeUserSessionRequest(TypedDict, total=False):
    AccessToken: Required[str]
    SessionId: Required[str]
    RevokeAssociatedSessions: str


class RevokeUserSessionResponse(TypedDict, total=False):
    pass


class RiskConfigurationType(TypedDict, total=False):
    UserPoolId: str
    ClientId: str
    CompromisedCredentialsRiskConfiguration: CompromisedCredentialsRiskConfigurationType
    AccountTakeoverRiskConfiguration: AccountTakeoverRiskConfigurationType
    RiskExceptionConfiguration: RiskExceptionConfigurationType
    LastModifiedDate: float


class RiskExceptionConfigurationType(TypedDict, total=False):
    BlockedIPRangeList: list[str]
    SkippedIPRangeList: list[str]


class RoutingType(TypedDict, total=False):
    Failover: FailoverType


class S3ConfigurationType(TypedDict, total=False):
    BucketArn: str


class SMSMfaSettingsType(TypedDict, total=False):
    Enabled: bool
    PreferredMfa: bool


class SchemaAttributeType(TypedDict, total=False):
    Name: str
    AttributeDataType: str
    DeveloperOnlyAttribute: bool
    Mutable: bool
    Required: bool
    NumberAttributeConstraints: NumberAttributeConstraintsType
    StringAttributeConstraints: StringAttributeConstraintsType


class SessionDescriptionType(TypedDict, total=False):
    SessionId: str
    SessionType: str
    ClientId: str
    CreateDate: float
    LastActiveDate: float
    DeviceType: str
    LastIPAddress: str
    LastLocation: SessionLocationType
    OriginSessionId: str
    IsCurrentSession: bool


class SessionLocationType(TypedDict, total=False):
    City: str
    Country: str


class SetLogDeliveryConfigurationRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    LogConfigurations: Required[list[LogConfigurationType]]


class SetLogDeliveryConfigurationResponse(TypedDict, total=False):
    LogDeliveryConfiguration: LogDeliveryConfigurationType


class SetRiskConfigurationRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: str
    CompromisedCredentialsRiskConfiguration: CompromisedCredentialsRiskConfigurationType
    AccountTakeoverRiskConfiguration: AccountTakeoverRiskConfigurationType
    RiskExceptionConfiguration: RiskExceptionConfigurationType


class SetRiskConfigurationResponse(TypedDict, total=False):
    RiskConfiguration: Required[RiskConfigurationType]


class SetUICustomizationRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: str
    CSS: str
    ImageFile: str


class SetUICustomizationResponse(TypedDict, total=False):
    UICustomization: Required[UICustomizationType]


class SetUserMFAPreferenceRequest(TypedDict, total=False):
    SMSMfaSettings: SMSMfaSettingsType
    SoftwareTokenMfaSettings: SoftwareTokenMfaSettingsType
    EmailMfaSettings: EmailMfaSettingsType
    WebAuthnMfaSettings: WebAuthnMfaSettingsType
    AccessToken: Required[str]


class SetUserMFAPreferenceResponse(TypedDict, total=False):
    pass


class SetUserPoolClientSessionConfigurationRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    SSOSession: Required[ClientSSOSessionConfigType]


class SetUserPoolClientSessionConfigurationResponse(TypedDict, total=False):
    UserPoolId: str
    ClientId: str
    SSOSession: ClientSSOSessionConfigType


class SetUserPoolMfaConfigRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    SmsMfaConfiguration: SmsMfaConfigType
    SoftwareTokenMfaConfiguration: SoftwareTokenMfaConfigType
    EmailMfaConfiguration: EmailMfaConfigType
    MfaConfiguration: str
    WebAuthnConfiguration: WebAuthnConfigurationType


class SetUserPoolMfaConfigResponse(TypedDict, total=False):
    SmsMfaConfiguration: SmsMfaConfigType
    SoftwareTokenMfaConfiguration: SoftwareTokenMfaConfigType
    EmailMfaConfiguration: EmailMfaConfigType
    MfaConfiguration: str
    WebAuthnConfiguration: WebAuthnConfigurationType


class SetUserPoolSessionConfigurationRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    UserSessionTracking: Required[str]
    TokenSession: Required[UserPoolTokenSessionConfigType]


class SetUserPoolSessionConfigurationResponse(TypedDict, total=False):
    UserPoolId: str
    UserSessionTracking: str
    TokenSession: UserPoolTokenSessionConfigType


class SetUserSettingsRequest(TypedDict, total=False):
    AccessToken: Required[str]
    MFAOptions: Required[list[MFAOptionType]]


class SetUserSettingsResponse(TypedDict, total=False):
    pass


class SignInPolicyType(TypedDict, total=False):
    AllowedFirstAuthFactors: list[str]


class SignUpRequest(TypedDict, total=False):
    ClientId: Required[str]
    SecretHash: str
    Username: Required[str]
    Password: str
    UserAttributes: list[AttributeType]
    ValidationData: list[AttributeType]
    AnalyticsMetadata: AnalyticsMetadataType
    UserContextData: UserContextDataType
    ClientMetadata: dict[str, str]


class SignUpResponse(TypedDict, total=False):
    UserConfirmed: Required[bool]
    CodeDeliveryDetails: CodeDeliveryDetailsType
    UserSub: Required[str]
    Session: str


class SmsConfigurationType(TypedDict, total=False):
    SnsCallerArn: str
    ExternalId: str
    SnsRegion: str
    EumsSms: EumsSmsConfigurationType


class SmsMfaConfigType(TypedDict, total=False):
    SmsAuthenticationMessage: str
    SmsConfiguration: SmsConfigurationType


class SoftwareTokenMfaConfigType(TypedDict, total=False):
    Enabled: bool


class SoftwareTokenMfaSettingsType(TypedDict, total=False):
    Enabled: bool
    PreferredMfa: bool


class StartPointInTimeRecoveryRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    RestoreId: Required[str]


class StartPointInTimeRecoveryResponse(TypedDict, total=False):
    Restoration: RestorationType


class StartUserImportJobRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    JobId: Required[str]


class StartUserImportJobResponse(TypedDict, total=False):
    UserImportJob: UserImportJobType


class StartWebAuthnRegistrationRequest(TypedDict, total=False):
    AccessToken: Required[str]


class StartWebAuthnRegistrationResponse(TypedDict, total=False):
    CredentialCreationOptions: Required[Any]


class StopUserImportJobRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    JobId: Required[str]


class StopUserImportJobResponse(TypedDict, total=False):
    UserImportJob: UserImportJobType


class StringAttributeConstraintsType(TypedDict, total=False):
    MinLength: str
    MaxLength: str


class TagResourceRequest(TypedDict, total=False):
    ResourceArn: Required[str]
    Tags: Required[dict[str, str]]


class TagResourceResponse(TypedDict, total=False):
    pass


class TermsDescriptionType(TypedDict, total=False):
    TermsId: Required[str]
    TermsName: Required[str]
    Enforcement: Required[str]
    CreationDate: Required[float]
    LastModifiedDate: Required[float]


class TermsType(TypedDict, total=False):
    TermsId: Required[str]
    UserPoolId: Required[str]
    ClientId: Required[str]
    TermsName: Required[str]
    TermsSource: Required[str]
    Enforcement: Required[str]
    Links: Required[dict[str, str]]
    CreationDate: Required[float]
    LastModifiedDate: Required[float]


class TokenValidityUnitsType(TypedDict, total=False):
    AccessToken: str
    IdToken: str
    RefreshToken: str


class UICustomizationType(TypedDict, total=False):
    UserPoolId: str
    ClientId: str
    ImageUrl: str
    CSS: str
    CSSVersion: str
    LastModifiedDate: float
    CreationDate: float


class UntagResourceRequest(TypedDict, total=False):
    ResourceArn: Required[str]
    TagKeys: Required[list[str]]


class UntagResourceResponse(TypedDict, total=False):
    pass


class UpdateAuthEventFeedbackRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Username: Required[str]
    EventId: Required[str]
    FeedbackToken: Required[str]
    FeedbackValue: Required[str]


class UpdateAuthEventFeedbackResponse(TypedDict, total=False):
    pass


class UpdateCIMDPolicyRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    CIMDPolicyId: Required[str]
    ClientId: Required[str]
    PolicyName: str
    CacheDuration: int
    URLPatterns: Required[list[str]]


class UpdateCIMDPolicyResponse(TypedDict, total=False):
    CIMDPolicy: Required[CIMDPolicyType]


class UpdateClientMetadataURLStateRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    CIMDPolicyId: Required[str]
    URL: Required[str]
    Action: Required[str]


class UpdateClientMetadataURLStateResponse(TypedDict, total=False):
    pass


class UpdateDeviceStatusRequest(TypedDict, total=False):
    AccessToken: Required[str]
    DeviceKey: Required[str]
    DeviceRememberedStatus: str


class UpdateDeviceStatusResponse(TypedDict, total=False):
    pass


class UpdateGroupRequest(TypedDict, total=False):
    GroupName: Required[str]
    UserPoolId: Required[str]
    Description: str
    RoleArn: str
    Precedence: int


class UpdateGroupResponse(TypedDict, total=False):
    Group: GroupType


class UpdateIdentityProviderRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ProviderName: Required[str]
    ProviderDetails: dict[str, str]
    AttributeMapping: dict[str, str]
    IdpIdentifiers: list[str]
    AcrMapping: dict[str, str]


class UpdateIdentityProviderResponse(TypedDict, total=False):
    IdentityProvider: Required[IdentityProviderType]


class UpdateManagedLoginBrandingRequest(TypedDict, total=False):
    UserPoolId: str
    ManagedLoginBrandingId: str
    UseCognitoProvidedValues: bool
    Settings: Any
    Assets: list[AssetType]


class UpdateManagedLoginBrandingResponse(TypedDict, total=False):
    ManagedLoginBranding: ManagedLoginBrandingType


class UpdateProvisionedLimitRequest(TypedDict, total=False):
    LimitDefinition: Required[LimitDefinitionType]
    RequestedLimitValue: Required[int]


class UpdateProvisionedLimitResponse(TypedDict, total=False):
    Limit: Required[LimitType]


class UpdateResourceServerRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Identifier: Required[str]
    Name: Required[str]
    Scopes: list[ResourceServerScopeType]


class UpdateResourceServerResponse(TypedDict, total=False):
    ResourceServer: Required[ResourceServerType]


class UpdateTermsRequest(TypedDict, total=False):
    TermsId: Required[str]
    UserPoolId: Required[str]
    TermsName: str
    TermsSource: str
    Enforcement: str
    Links: dict[str, str]


class UpdateTermsResponse(TypedDict, total=False):
    Terms: TermsType


class UpdateUserAttributesRequest(TypedDict, total=False):
    UserAttributes: Required[list[AttributeType]]
    AccessToken: Required[str]
    ClientMetadata: dict[str, str]


class UpdateUserAttributesResponse(TypedDict, total=False):
    CodeDeliveryDetailsList: list[CodeDeliveryDetailsType]


class UpdateUserPoolClientRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    ClientId: Required[str]
    ClientName: str
    RefreshTokenValidity: int
    AccessTokenValidity: int
    IdTokenValidity: int
    TokenValidityUnits: TokenValidityUnitsType
    ReadAttributes: list[str]
    WriteAttributes: list[str]
    ExplicitAuthFlows: list[str]
    SupportedIdentityProviders: list[str]
    CallbackURLs: list[str]
    LogoutURLs: list[str]
    DefaultRedirectURI: str
    AllowedOAuthFlows: list[str]
    AllowedOAuthScopes: list[str]
    AllowedOAuthFlowsUserPoolClient: bool
    AnalyticsConfiguration: AnalyticsConfigurationType
    PreventUserExistenceErrors: str
    EnableTokenRevocation: bool
    EnablePropagateAdditionalUserContextData: bool
    AuthSessionValidity: int
    RefreshTokenRotation: RefreshTokenRotationType
    PublishSecretsInAWSSecretsManager: bool


class UpdateUserPoolClientResponse(TypedDict, total=False):
    UserPoolClient: UserPoolClientType


class UpdateUserPoolDomainRequest(TypedDict, total=False):
    Domain: Required[str]
    UserPoolId: Required[str]
    ManagedLoginVersion: int
    CustomDomainConfig: CustomDomainConfigType
    Routing: RoutingType


class UpdateUserPoolDomainResponse(TypedDict, total=False):
    ManagedLoginVersion: int
    CloudFrontDomain: str
    Routing: RoutingType


class UpdateUserPoolReplicaRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    RegionName: Required[str]
    Status: Required[str]


class UpdateUserPoolReplicaResponse(TypedDict, total=False):
    UserPoolReplica: UserPoolReplicaType


class UpdateUserPoolRequest(TypedDict, total=False):
    UserPoolId: Required[str]
    Policies: UserPoolPolicyType
    DeletionProtection: str
    LambdaConfig: LambdaConfigType
    AutoVerifiedAttributes: list[str]
    SmsVerificationMessage: str
    EmailVerificationMessage: str
    EmailVerificationSubject: str
    VerificationMessageTemplate: VerificationMessageTemplateType
    SmsAuthenticationMessage: str
    UserAttributeUpdateSettings: UserAttributeUpdateSettingsType
    MfaConfiguration: str
    DeviceConfiguration: DeviceConfigurationType
    EmailConfiguration: EmailConfigurationType
    SmsConfiguration: SmsConfigurationType
    UserPoolTags: dict[str, str]
    AdminCreateUserConfig: AdminCreateUserConfigType
    UserPoolAddOns: UserPoolAddOnsType
    DcrConfiguration: DcrConfigurationType
    AccountRecoverySetting: AccountRecoverySettingType
    PoolName: str
    UserPoolTier: str
    KeyConfiguration: KeyConfigurationType
    IssuerConfiguration: IssuerConfigurationType
    AcrConfiguration: dict[str, AcrLevelConfigType]


class UpdateUserPoolResponse(TypedDict, total=False):
    pass


class UserAttributeUpdateSettingsType(TypedDict, total=False):
    AttributesRequireVerificationBeforeUpdate: list[str]


class UserContextDataType(TypedDict, total=False):
    IpAddress: str
    EncodedData: str


class UserImportJobType(TypedDict, total=False):
    JobName: str
    JobId: str
    UserPoolId: str
    PreSignedUrl: str
    CreationDate: float
    StartDate: float
    CompletionDate: float
    Status: str
    CloudWatchLogsRoleArn: str
    ImportedUsers: int
    SkippedUsers: int
    FailedUsers: int
    CompletionMessage: str
    PasswordHashingAlgorithm: str


class UserPoolAddOnsType(TypedDict, total=False):
    AdvancedSecurityMode: Required[str]
    AdvancedSecurityAdditionalFlows: AdvancedSecurityAdditionalFlowsType


class UserPoolClientDescription(TypedDict, total=False):
    ClientId: str
    UserPoolId: str
    ClientName: str


class UserPoolClientType(TypedDict, total=False):
    UserPoolId: str
    ClientName: str
    ClientId: str
    ClientSecret: str
    ClientSecretArn: str
    LastModifiedDate: float
    CreationDate: float
    RefreshTokenValidity: int
    AccessTokenValidity: int
    IdTokenValidity: int
    TokenValidityUnits: TokenValidityUnitsType
    ReadAttributes: list[str]
    WriteAttributes: list[str]
    ExplicitAuthFlows: list[str]
    SupportedIdentityProviders: list[str]
    CallbackURLs: list[str]
    LogoutURLs: list[str]
    DefaultRedirectURI: str
    AllowedOAuthFlows: list[str]
    AllowedOAuthScopes: list[str]
    AllowedOAuthFlowsUserPoolClient: bool
    AnalyticsConfiguration: AnalyticsConfigurationType
    PreventUserExistenceErrors: str
    EnableTokenRevocation: bool
    EnablePropagateAdditionalUserContextData: bool
    AuthSessionValidity: int
    RefreshTokenRotation: RefreshTokenRotationType
    ClientType: str


class UserPoolDescriptionType(TypedDict, total=False):
    Id: str
    Name: str
    LambdaConfig: LambdaConfigType
    Status: str
    LastModifiedDate: float
    CreationDate: float
    ReplicaRegions: list[str]


class UserPoolPolicyType(TypedDict, total=False):
    PasswordPolicy: PasswordPolicyType
    SignInPolicy: SignInPolicyType


class UserPoolReplicaType(TypedDict, total=False):
    RegionName: str
    Status: str
    Role: str
    UserPoolArn: str


class UserPoolTokenSessionConfigType(TypedDict, total=False):
    MaxPerUser: Required[int]


class UserPoolType(TypedDict, total=False):
    Id: str
    Name: str
    Policies: UserPoolPolicyType
    DeletionProtection: str
    LambdaConfig: LambdaConfigType
    Status: str
    LastModifiedDate: float
    CreationDate: float
    SchemaAttributes: list[SchemaAttributeType]
    AutoVerifiedAttributes: list[str]
    AliasAttributes: list[str]
    UsernameAttributes: list[str]
    SmsVerificationMessage: str
    EmailVerificationMessage: str
    EmailVerificationSubject: str
    VerificationMessageTemplate: VerificationMessageTemplateType
    SmsAuthenticationMessage: str
    UserAttributeUpdateSettings: UserAttributeUpdateSettingsType
    MfaConfiguration: str
    DeviceConfiguration: DeviceConfigurationType
    EstimatedNumberOfUsers: int
    EmailConfiguration: EmailConfigurationType
    SmsConfiguration: SmsConfigurationType
    UserPoolTags: dict[str, str]
    SmsConfigurationFailure: str
    EmailConfigurationFailure: str
    Domain: str
    CustomDomain: str
    AdminCreateUserConfig: AdminCreateUserConfigType
    UserPoolAddOns: UserPoolAddOnsType
    DcrConfiguration: DcrConfigurationType
    UsernameConfiguration: UsernameConfigurationType
    Arn: str
    AccountRecoverySetting: AccountRecoverySettingType
    UserPoolTier: str
    KeyConfiguration: KeyConfigurationType
    IssuerConfiguration: IssuerConfigurationType
    AcrConfiguration: dict[str, AcrLevelConfigType]


class UserType(TypedDict, total=False):
    Username: str
    Attributes: list[AttributeType]
    UserCreateDate: float
    UserLastModifiedDate: float
    Enabled: bool
    UserStatus: str
    MFAOptions: list[MFAOptionType]


class UsernameConfigurationType(TypedDict, total=False):
    CaseSensitive: Required[bool]


class VerificationMessageTemplateType(TypedDict, total=False):
    SmsMessage: str
    EmailMessage: str
    EmailSubject: str
    EmailMessageByLink: str
    EmailSubjectByLink: str
    DefaultEmailOption: str


class VerifySoftwareTokenRequest(TypedDict, total=False):
    AccessToken: str
    Session: str
    UserCode: Required[str]
    FriendlyDeviceName: str


class VerifySoftwareTokenResponse(TypedDict, total=False):
    Status: str
    Session: str


class VerifyUserAttributeRequest(TypedDict, total=False):
    AccessToken: Required[str]
    AttributeName: Required[str]
    Code: Required[str]


class VerifyUserAttributeResponse(TypedDict, total=False):
    pass


class WebAuthnConfigurationType(TypedDict, total=False):
    RelyingPartyId: str
    UserVerification: str
    FactorConfiguration: str


class WebAuthnCredentialDescription(TypedDict, total=False):
    CredentialId: Required[str]
    FriendlyCredentialName: Required[str]
    RelyingPartyId: Required[str]
    AuthenticatorAttachment: str
    AuthenticatorTransports: Required[list[str]]
    CreatedAt: Required[float]


class WebAuthnMfaSettingsType(TypedDict, total=False):
    Enabled: bool
