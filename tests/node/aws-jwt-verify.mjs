// aws-jwt-verify's JwtVerifier for the pool's own issuer. It fetches by https alone, so for a server on loopback it is
// handed a fetcher, as its README shows.
import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { answer, attemptAll, given } from './given.mjs';

const fetcher = {
  async fetch(uri) {
    const response = await fetch(uri);
    if (!response.ok) throw new Error(`${uri}: ${response.status}`);
    return response.arrayBuffer();
  },
};

const verifier = JwtVerifier.create(
  {
    issuer: given.issuer,
    jwksUri: `${given.issuer}/.well-known/jwks.json`,
    audience: null, // a machine's access token has none
    scope: given.scope,
  },
  { jwksCache: new SimpleJwksCache({ fetcher }) },
);

answer(await attemptAll((token) => verifier.verify(token)));
