#!/usr/bin/env bash
# The whole way from nothing to a verified token, with the unmodified AWS CLI and curl, as one types it.
#
# Before it: `poolhouse serve` in one shell, and `eval "$(poolhouse env)"` in this one.
set -euo pipefail

domain=${1:-lobster1234}

say() { printf '\n== %s\n' "$*"; }

say 'A pool'
pool_id=$(aws cognito-idp create-user-pool --pool-name myblog --query UserPool.Id --output text)
aws cognito-idp list-user-pools --max-results 10

say 'An API, and the scopes that its tokens can carry'
aws cognito-idp create-resource-server --user-pool-id "$pool_id" --name transactions --identifier transactions \
  --scopes ScopeName=get,ScopeDescription=get_tx ScopeName=post,ScopeDescription=post_tx

say 'A client that may ask for one of them'
read -r client_id client_secret < <(
  aws cognito-idp create-user-pool-client --user-pool-id "$pool_id" --client-name test --generate-secret \
    --allowed-o-auth-flows client_credentials --allowed-o-auth-scopes transactions/post \
    --allowed-o-auth-flows-user-pool-client \
    --query 'UserPoolClient.[ClientId,ClientSecret]' --output text
)
echo "client id $client_id"

say 'An address for the token endpoint'
aws cognito-idp create-user-pool-domain --user-pool-id "$pool_id" --domain "$domain"

say 'A token'
answer=$(
  curl --silent --show-error --fail-with-body -X POST "$AWS_ENDPOINT_URL/domains/$domain/oauth2/token" \
    -H "Authorization: Basic $(printf '%s' "$client_id:$client_secret" | base64 | tr -d '\n')" \
    -d 'grant_type=client_credentials&scope=transactions%2Fpost'
)
token=$(printf '%s' "$answer" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
printf '%s\n' "$answer" | sed "s/$token/…/"

say 'The keys of the pool'
curl --silent --show-error --fail-with-body "$AWS_ENDPOINT_URL/$pool_id/.well-known/jwks.json"
echo

say 'Verified'
poolhouse verify "$token"
