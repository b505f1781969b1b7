// aws-jwt-verify's CognitoJwtVerifier, which makes the issuer out of the pool's id: for a pool whose issuer is set to
// AWS's form. The keys are handed to it, as its README shows for a place without the way to AWS.
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { answer, attemptAll, given } from './given.mjs';

const verifier = CognitoJwtVerifier.create({
  userPoolId: given.poolId,
  clientId: given.clientId,
  tokenUse: 'access',
  scope: given.scope,
});
const keys = await fetch(given.jwksUri);
verifier.cacheJwks(await keys.json());

answer(await attemptAll((token) => verifier.verify(token)));
