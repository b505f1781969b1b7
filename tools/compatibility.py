"""Writes docs/compatibility.md from the service models and `aws/targets.py`; with --check, says whether it is fresh."""

from __future__ import annotations

import sys
from pathlib import Path

from poolhouse.aws.model import service_model
from poolhouse.aws.targets import TARGETS

PAGE = Path(__file__).parents[1] / "docs" / "compatibility.md"

HEAD = """\
# Compatibility

Generated from the service models and the table of operations by `make docs`: do not edit.

An operation that is here does what Amazon Cognito's does: every parameter is checked, stored, answered, and in
effect as far as the features that are here reach. One that is not here yet answers, to a caller who is allowed to
call it, with `UnsupportedOperationException` (HTTP 400), which no SDK tries again.

## Differences

{differences}

## Operations

{counts}
"""

DIFFERENCES = (
    (
        "Triggers",
        "When each function is asked, and what its answer does, is on [their page](triggers.md); where functions run is on "
        "[another](functions.md).",
    ),
    (
        "Signing in",
        "Flows, challenges and locks are on [their page](sign-in.md). In CUSTOM_AUTH a temporary password is changed, and a second factor asked for, before the function goes on. "
        "Step-up (`TARGET_ACR_VALUES`, `MAX_AGE`, `ACCESS_TOKEN` in AuthParameters) is refused with "
        "UnsupportedOperationException. `ClientMetadata` goes to the triggers that Cognito gives it to; `UserContextData` and `ContextData` are for "
        "[threat protection](threat-protection.md); `AnalyticsMetadata` is for Amazon Pinpoint, which is not here: it is checked and changes nothing.",
    ),
    (
        "People",
        "Names, attributes, invitations, lists and groups: what the reference leaves open is on [their page](people.md).",
    ),
    (
        "Signing up and getting back in",
        "Codes, limits, and what PreventUserExistenceErrors hides are on [their page](sign-up.md). "
        "A link (CONFIRM_WITH_LINK) leads to a page that asks before it confirms.",
    ),
    (
        "Token endpoint",
        "Token exchange answers `unsupported_grant_type`. `aws_client_metadata` goes to the function that shapes "
        "machines' tokens. When functions shape tokens, and what they may change: [triggers](triggers.md).",
    ),
    (
        "How the pages look",
        "Styles, the classic look and terms are on [their page](branding.md). A client of managed login without a style "
        "has Poolhouse's own look, not an error.",
    ),
    (
        "Issuer",
        "`{public_url}/{poolId}`, for `IssuerConfiguration` ORIGINAL and UPDATED alike. AWS's own form is a "
        "setting: [extensions](extensions.md).",
    ),
    (
        "Domains",
        "By path, `{public_url}/domains/{domain}`, and by host. `CloudFrontDomain` is the server's own host. A custom "
        "domain's certificate ARN is kept; the certificate itself is a file of the server or its proxy.",
    ),
    (
        "`Routing`, replicas",
        "Refused with InvalidParameterException: pools are not replicated to other regions.",
    ),
    (
        "`KeyConfiguration`",
        "`CUSTOMER_MANAGED_KEY` is refused: secrets are sealed under the server's own master key.",
    ),
    ("`PublishSecretsInAWSSecretsManager`", "`true` is refused."),
    (
        "E-mail as a second factor",
        "Allowed with `COGNITO_DEFAULT` too: mail goes out by the operator's own server.",
    ),
    (
        "Passkeys",
        "The RP id is `RelyingPartyId`, else the host of the pool's domain. Pages on it and below it may ask, on any port; "
        "not those in frames of other sites, nor Android apps by their key hash. One registration of a person is under "
        "way at a time, for 5 minutes. 20 passkeys a person. Attestations are neither asked for nor checked.",
    ),
    (
        "UpdateUserPool",
        "Keeps UserPoolTier, DeletionProtection, PoolName, DcrConfiguration, KeyConfiguration and "
        "IssuerConfiguration when they are left out; returns all else to its default.",
    ),
    (
        "A pinned pool id",
        "The tags `poolhouse:pool-id` and `_custom_id_` choose a new pool's id.",
    ),
    (
        "GetClientToken",
        "The client's secret decides; a signature is neither needed nor checked. Its error texts are ours.",
    ),
    (
        "Quotas",
        "Cognito's defaults, each a [setting](configuration.md). Request rates are off but for the token endpoint's.",
    ),
    (
        "Regions",
        "Any region's name is good; a pool lives in the region that its creating call was signed for.",
    ),
)

TITLES = {
    "cognito-idp": "User pools (`cognito-idp`)",
    "cognito-identity": "Identity pools (`cognito-identity`)",
    "poolhouse": "Poolhouse's own administration (`poolhouse`)",
}


def page() -> str:
    counts = []
    tables = []
    for service, title in TITLES.items():
        names = sorted(service_model(service).operations)
        here = TARGETS.get(service, {})
        counts.append(f"- {title}: {sum(name in here for name in names)} of {len(names)}")
        rows = "\n".join(f"| {name} | {'yes' if name in here else 'not yet'} |" for name in names)
        tables.append(f"### {title}\n\n| operation | here |\n| --- | --- |\n{rows}\n")
    rows = "\n".join(f"| {name} | yes |" for name in sorted(TARGETS["kms"]))
    tables.append(
        "### Key management service (`kms`)\n\nThe operations that a custom sender needs, on one key: "
        f"[kms.md](kms.md).\n\n| operation | here |\n| --- | --- |\n{rows}\n"
    )
    tables.append(
        "### Security token service (`sts`)\n\n| operation | here |\n| --- | --- |\n| GetCallerIdentity | yes |\n"
    )
    differences = "\n".join(f"- **{subject}.** {text}" for subject, text in DIFFERENCES)
    return HEAD.format(differences=differences, counts="\n".join(counts)) + "\n" + "\n".join(tables)


def main() -> int:
    text = page()
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            print(f"{PAGE.name} is stale: run make docs", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
