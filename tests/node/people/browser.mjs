// As much of a browser as Amplify asks for before it uses passkeys. The authenticator is the one in the person's pocket.
import { createPasskey, getPasskey } from './pocket.mjs';

const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64url')).buffer;
const text = (buffer) => Buffer.from(buffer).toString('base64url');

class AuthenticatorResponse {
  constructor({ clientDataJSON }) {
    this.clientDataJSON = bytes(clientDataJSON);
  }
}

class AuthenticatorAttestationResponse extends AuthenticatorResponse {
  constructor(response) {
    super(response);
    this.attestationObject = bytes(response.attestationObject);
    this.getTransports = () => response.transports;
    this.getPublicKeyAlgorithm = () => -7;
    this.getPublicKey = () => null;
    this.getAuthenticatorData = () => new ArrayBuffer(37); // the server reads it in the attestation object
  }
}

class AuthenticatorAssertionResponse extends AuthenticatorResponse {
  constructor(response) {
    super(response);
    this.authenticatorData = bytes(response.authenticatorData);
    this.signature = bytes(response.signature);
    this.userHandle = bytes(response.userHandle);
  }
}

class PublicKeyCredential {
  constructor({ id, rawId, type, authenticatorAttachment }, response) {
    Object.assign(this, { id, rawId: bytes(rawId), type, authenticatorAttachment, response });
    this.getClientExtensionResults = () => ({});
  }
}

// Options as navigator.credentials takes them, back in the form of JSON.
const asJson = (options) => ({
  ...options,
  challenge: text(options.challenge),
  ...(options.user && { user: { ...options.user, id: text(options.user.id) } }),
});

const credentials = {
  async create({ publicKey }) {
    const made = await createPasskey(asJson(publicKey));
    return new PublicKeyCredential(made, new AuthenticatorAttestationResponse(made.response));
  },
  async get({ publicKey }) {
    const shown = await getPasskey(asJson(publicKey));
    return new PublicKeyCredential(shown, new AuthenticatorAssertionResponse(shown.response));
  },
};

// Amplify looks in the page for the framework that it runs in.
const document = { querySelector: () => null, querySelectorAll: () => [], getElementById: () => null };

export function openBrowser() {
  Object.assign(globalThis, { PublicKeyCredential, AuthenticatorAttestationResponse, AuthenticatorAssertionResponse });
  Object.assign(globalThis, { document, window: { isSecureContext: true, PublicKeyCredential, document } });
  navigator.credentials = credentials;
}
