// Passkeys at the pages: everything else works without script.
(() => {
  "use strict";
  const field = document.querySelector("[data-passkey]");
  if (!field) return;
  const button = document.querySelector("[data-passkey-button]");
  const says = (name) => {
    for (const text of document.querySelectorAll("[data-says]")) text.hidden = text.dataset.says !== name;
  };
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    if (!buffer) return undefined;
    const plain = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const withId = (credential) => ({ ...credential, id: bytes(credential.id) });

  const readGet = (options) => ({
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: (options.allowCredentials || []).map(withId),
  });
  const readCreate = (options) => ({
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials || []).map(withId),
  });
  const write = (credential) => {
    const given = credential.response;
    const response = { clientDataJSON: text(given.clientDataJSON) };
    if (given.attestationObject) {
      response.attestationObject = text(given.attestationObject);
      response.transports = given.getTransports ? given.getTransports() : [];
    } else {
      response.authenticatorData = text(given.authenticatorData);
      response.signature = text(given.signature);
      response.userHandle = text(given.userHandle);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    });
  };

  if (!window.PublicKeyCredential || !navigator.credentials) {
    says("unsupported");
    return;
  }
  const ask = async () => {
    button.disabled = true;
    says("");
    try {
      const options = JSON.parse(field.dataset.options);
      const credential =
        field.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: readCreate(options) })
          : await navigator.credentials.get({ publicKey: readGet(options) });
      field.value = write(credential);
      field.form.submit();
    } catch (problem) {
      const names = { SecurityError: "wrong-site", InvalidStateError: "unknown", NotSupportedError: "unsupported" };
      says(names[problem.name] || "cancelled");
      button.disabled = false;
    }
  };
  button.hidden = false;
  button.addEventListener("click", ask);
})();
