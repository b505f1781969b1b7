// jsonwebtoken with jwk-to-pem: the pair of most older Express code.
import jwt from 'jsonwebtoken';
import jwkToPem from 'jwk-to-pem';
import { answer, attemptAll, given } from './given.mjs';

const response = await fetch(`${given.issuer}/.well-known/jwks.json`);
const { keys } = await response.json();
const pems = Object.fromEntries(keys.map((key) => [key.kid, jwkToPem(key)]));

answer(
  await attemptAll((token) => {
    const { header } = jwt.decode(token, { complete: true });
    if (!pems[header.kid]) throw new jwt.JsonWebTokenError('unknown kid');
    return jwt.verify(token, pems[header.kid], { algorithms: ['RS256'], issuer: given.issuer });
  }),
);
