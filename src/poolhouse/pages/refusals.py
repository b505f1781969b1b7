"""What pages say where an operation refuses, in the words of people."""

from __future__ import annotations

from poolhouse.core.errors import (
    CodeMismatchException,
    CognitoError,
    EnableSoftwareTokenMFAException,
    ExpiredCodeException,
    InvalidLambdaResponseException,
    InvalidPasswordException,
    LimitExceededException,
    NotAuthorizedException,
    PasswordHistoryPolicyViolationException,
    PasswordResetRequiredException,
    TooManyFailedAttemptsException,
    TooManyRequestsException,
    UnexpectedLambdaException,
    UserLambdaValidationException,
    UserNotConfirmedException,
)
from poolhouse.pages.texts import N_
from poolhouse.userpools.passwords import EXCEEDED
from poolhouse.userpools.risk.assessing import BLOCKED
from poolhouse.userpools.risk.blocking import NOT_ALLOWED
from poolhouse.userpools.risk.compromised import REFUSED
from poolhouse.userpools.sessions import EXPIRED, INVALID
from poolhouse.userpools.sign_in.answering import USED_TOTP
from poolhouse.userpools.sign_in.by_password import TEMPORARY_IS_OVER

WRONG = N_("Incorrect username or password.")
LOCKED = N_("Too many tries. Wait a while, then try again.")
DISABLED = N_("This account is disabled.")
TEMPORARY_OVER = N_("The temporary password has expired. Ask for a new one.")
WRONG_CODE = N_("That code is not right. Check it and try again.")
EXPIRED_CODE = N_("That code has expired. Have a new one sent.")
USED_CODE = N_("That code was used already. Wait for the next one.")
TOO_MANY = N_("Too many tries. Wait a while, then try again.")
WEAK_PASSWORD = N_("The password does not meet the requirements below.")
FORMER_PASSWORD = N_("You have used this password before. Choose another.")
STARTED_OVER = N_("That took too long, or was done already. Please sign in again.")
UNUSUAL = N_("This sign-in looks unusual, so it is not allowed. Try again from where you usually sign in.")
KNOWN_TO_OTHERS = N_("This password is known to others. Choose another.")
FAILED = N_("That did not work. Please try again.")

_OF_MESSAGES = {
    EXCEEDED: LOCKED,
    TEMPORARY_IS_OVER: TEMPORARY_OVER,
    "User is disabled.": DISABLED,
    BLOCKED: UNUSUAL,
    NOT_ALLOWED: UNUSUAL,
}


def is_over(error: CognitoError) -> bool:
    """Whether the sign-in has ended: its time is over, or another tab has answered."""
    return isinstance(error, NotAuthorizedException) and error.message in (INVALID, EXPIRED)


def of_sign_in(error: CognitoError) -> str:
    """Why a sign-in is refused: the same sentence for a wrong name and a wrong password."""
    if isinstance(error, (TooManyRequestsException, LimitExceededException, TooManyFailedAttemptsException)):
        return TOO_MANY
    if is_of_trigger(error):
        return FAILED
    return _OF_MESSAGES.get(error.message, WRONG)


def of_code(error: CognitoError) -> str:
    match error:
        case UserLambdaValidationException():
            return error.message
        case ExpiredCodeException() if error.message == USED_TOTP:
            return USED_CODE
        case ExpiredCodeException():
            return EXPIRED_CODE
        case CodeMismatchException() | EnableSoftwareTokenMFAException():
            return WRONG_CODE
        case TooManyRequestsException() | LimitExceededException() | TooManyFailedAttemptsException():
            return TOO_MANY
        case NotAuthorizedException() if error.message == EXCEEDED:
            return TOO_MANY
        case NotAuthorizedException() if error.message in (BLOCKED, NOT_ALLOWED):
            return UNUSUAL
        case _:
            return FAILED


def of_password(error: CognitoError) -> str | None:
    """Why a new password is refused; None where it is not the password."""
    match error:
        case InvalidPasswordException() if error.message == REFUSED:
            return KNOWN_TO_OTHERS
        case InvalidPasswordException():
            return WEAK_PASSWORD
        case PasswordHistoryPolicyViolationException():
            return FORMER_PASSWORD
        case _:
            return None


def is_of_trigger(error: CognitoError) -> bool:
    """Whether a function of the pool refused, or failed."""
    return isinstance(
        error, (UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException)
    )


def of_trigger(error: CognitoError) -> str | None:
    """A trigger's own words, which are shown as they are; None where it was none."""
    return error.message if isinstance(error, UserLambdaValidationException) else None


def leads_elsewhere(error: CognitoError) -> bool:
    """Whether a right password is not enough: the account is to be confirmed, or its password to be reset."""
    return isinstance(error, (UserNotConfirmedException, PasswordResetRequiredException))
