"""What can be wrong, in the words of AWS and of OAuth.

Two small families. A face renders its own; no status code is known here. `message` is for the caller, in
Cognito's words; `detail` is for the log and never leaves the house.
"""

from __future__ import annotations


class CognitoError(Exception):
    """An error of the AWS APIs: the class name is the wire's name.

    Source: the error shapes of the service models; AWS's common errors.
    """

    message = ""

    def __init__(self, message: str | None = None, *, detail: str = "") -> None:
        self.message = type(self).message if message is None else message
        self.detail = detail
        super().__init__(self.message)

    @property
    def code(self) -> str:
        return type(self).__name__

    @property
    def reason(self) -> str:
        """For the log: what the message hides, or the message where it hides nothing."""
        return self.detail or self.message


# --- errors that the service models declare -------------------------------------------------------------


class InvalidParameterException(CognitoError):
    pass


class ResourceNotFoundException(CognitoError):
    pass


class NotAuthorizedException(CognitoError):
    message = "Incorrect username or password."


class LimitExceededException(CognitoError):
    pass


class TooManyRequestsException(CognitoError):
    message = "Too many requests"


class InternalErrorException(CognitoError):
    """The only fault of the user pools' model: HTTP 500."""

    message = "Something went wrong"


class InternalServerException(CognitoError):
    """The same, as the operations on client secrets spell it."""

    message = "Something went wrong"


class InvalidOAuthFlowException(CognitoError):
    pass


class ScopeDoesNotExistException(CognitoError):
    pass


class GroupExistsException(CognitoError):
    message = "A group with the name already exists."


class FeatureUnavailableInTierException(CognitoError):
    pass


class TierChangeNotAllowedException(CognitoError):
    pass


class UserPoolTaggingException(CognitoError):
    pass


class UserImportInProgressException(CognitoError):
    pass


class ConcurrentModificationException(CognitoError):
    message = "The resource was changed by another request. Try again."


class ManagedLoginBrandingExistsException(CognitoError):
    message = "A managed login branding already exists for this app client."


class TermsExistsException(CognitoError):
    message = "Terms of this name already exist for this app client."


class OperationNotEnabledException(CognitoError):
    pass


class DuplicateProviderException(CognitoError):
    pass


class UnsupportedIdentityProviderException(CognitoError):
    pass


class ForbiddenException(CognitoError):
    pass


class UnsupportedOperationException(CognitoError):
    pass


# --- errors of people and their sign-ins -------------------------------------------------------------------


class UserNotFoundException(CognitoError):
    message = "User does not exist."


class UsernameExistsException(CognitoError):
    message = "User already exists"


class AliasExistsException(CognitoError):
    message = "An account with the given email already exists."


class UserNotConfirmedException(CognitoError):
    message = "User is not confirmed."


class PasswordResetRequiredException(CognitoError):
    message = "Password reset required for the user"


class InvalidPasswordException(CognitoError):
    message = "Password did not conform with policy"


class PasswordHistoryPolicyViolationException(CognitoError):
    message = "Password has previously been used"


class CodeMismatchException(CognitoError):
    message = "Invalid verification code provided, please try again."


class ExpiredCodeException(CognitoError):
    message = "Invalid code provided, please request a code again."


class CodeDeliveryFailureException(CognitoError):
    message = "The code could not be delivered."


class TooManyFailedAttemptsException(CognitoError):
    message = "Attempt limit exceeded, please try after some time."


class UnsupportedUserStateException(CognitoError):
    pass


class MFAMethodNotFoundException(CognitoError):
    message = "MFA method not found."


class SoftwareTokenMFANotFoundException(CognitoError):
    message = "Software Token MFA does not exist for the user."


class EnableSoftwareTokenMFAException(CognitoError):
    message = "Code mismatch and fail enable Software Token MFA"


class InvalidUserPoolConfigurationException(CognitoError):
    pass


class InvalidSmsRoleAccessPolicyException(CognitoError):
    pass


class InvalidSmsRoleTrustRelationshipException(CognitoError):
    pass


class InvalidEmailRoleAccessPolicyException(CognitoError):
    pass


class InvalidLambdaResponseException(CognitoError):
    pass


class UnexpectedLambdaException(CognitoError):
    pass


class UserLambdaValidationException(CognitoError):
    pass


class UserPoolAddOnNotEnabledException(CognitoError):
    pass


class RefreshTokenReuseException(CognitoError):
    message = "Refresh token has been invalidated"


class UnauthorizedException(CognitoError):
    message = "Unauthorized"


class UnsupportedTokenTypeException(CognitoError):
    message = "Unsupported token type"


class DeviceKeyExistsException(CognitoError):
    message = "Device key already exists for the user."


class WebAuthnNotEnabledException(CognitoError):
    message = "WebAuthn is not enabled for the user pool."


class WebAuthnConfigurationMissingException(CognitoError):
    message = "The user pool has no relying party configured for WebAuthn."


class WebAuthnChallengeNotFoundException(CognitoError):
    message = "WebAuthn challenge not found."


class WebAuthnRelyingPartyMismatchException(CognitoError):
    message = "The relying party does not match the user pool's."


class WebAuthnClientMismatchException(CognitoError):
    message = "The access token is not of the app client that started the registration."


class WebAuthnOriginNotAllowedException(CognitoError):
    message = "The origin is not allowed for the relying party."


class WebAuthnCredentialNotSupportedException(CognitoError):
    message = "The credential is not supported."


# --- errors before an operation -------------------------------------------------------------------------


class SerializationException(CognitoError):
    pass


class UnknownOperationException(CognitoError):
    pass


class ValidationException(InvalidParameterException):
    """The same from a service whose model has no InvalidParameterException of its own: KMS."""


class AccessDeniedException(CognitoError):
    pass


class UnrecognizedClientException(CognitoError):
    message = "The security token included in the request is invalid."


class InvalidSignatureException(CognitoError):
    message = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
        " Access Key and signing method. Consult the service documentation for details."
    )


class IncompleteSignatureException(CognitoError):
    pass


class MissingAuthenticationTokenException(CognitoError):
    message = "Missing Authentication Token"


class ExpiredTokenException(CognitoError):
    message = "The security token included in the request is expired"


class ThrottlingException(CognitoError):
    message = "Rate exceeded"


class RequestEntityTooLargeException(CognitoError):
    message = "Request entity too large"


class ServiceUnavailableException(CognitoError):
    """The database can't be asked just now: HTTP 503; an SDK tries again."""

    message = "Service is unavailable. Try again."


class OAuthError(Exception):
    """An error answer of RFC 6749 §5.2 (or of a standard beside it). The class names the code."""

    error = "invalid_request"

    def __init__(self, description: str | None = None, *, detail: str = "") -> None:
        self.description = description
        self.detail = detail
        super().__init__(self.error)


class InvalidRequest(OAuthError):
    error = "invalid_request"


class InvalidClient(OAuthError):
    error = "invalid_client"


class InvalidGrant(OAuthError):
    error = "invalid_grant"


class UnauthorizedClient(OAuthError):
    error = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"


class InvalidScope(OAuthError):
    error = "invalid_scope"


class UnsupportedResponseType(OAuthError):
    error = "unsupported_response_type"


class AccessDenied(OAuthError):
    error = "access_denied"


class LoginRequired(OAuthError):
    """The person would have to be asked, and may not be (OIDC Core §3.1.2.6)."""

    error = "login_required"


class InvalidTarget(OAuthError):
    """A `resource` that tokens can't be for (RFC 8707 §2)."""

    error = "invalid_target"


class RequestNotSupported(OAuthError):
    error = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    error = "request_uri_not_supported"


class UnmetAuthenticationRequirements(OAuthError):
    """The person signed in, and not in the way asked for (OpenID Connect Core Error Code
    unmet_authentication_requirements 1.0)."""

    error = "unmet_authentication_requirements"


class UnsupportedTokenType(OAuthError):
    """A token that can't be revoked (RFC 7009 §2.2.1)."""

    error = "unsupported_token_type"


class InvalidRedirectUri(OAuthError):
    """RFC 7591 §3.2.2."""

    error = "invalid_redirect_uri"


class InvalidClientMetadata(OAuthError):
    """RFC 7591 §3.2.2."""

    error = "invalid_client_metadata"


class InvalidToken(OAuthError):
    """RFC 6750 §3.1."""

    error = "invalid_token"


class InsufficientScope(OAuthError):
    """RFC 6750 §3.1."""

    error = "insufficient_scope"


class ConsentRequired(OAuthError):
    """The person has not allowed the client what it asks for (OIDC Core §3.1.2.6)."""

    error = "consent_required"


class TemporarilyUnavailable(OAuthError):
    """RFC 6749 §4.1.2.1's word, sent with HTTP 503 while the database can't be asked."""

    error = "temporarily_unavailable"


class ServerError(OAuthError):
    """RFC 6749 §4.1.2.1's word for what should not happen, sent with HTTP 500."""

    error = "server_error"


class SlowDown(OAuthError):
    """Too many requests of one client or address: HTTP 429."""

    error = "slow_down"


class StoreUnavailable(Exception):
    """The database does not answer; each face has its own word for it."""
