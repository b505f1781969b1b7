// What a person who signs in has at hand: the test's own messages and authenticator app.
import { given } from '../given.mjs';

async function look(wanted) {
  const response = await fetch(given.pocket, { method: 'POST', body: JSON.stringify(wanted) });
  const found = await response.json();
  if (!response.ok) throw new Error(found);
  return found;
}

// The code in the next message to an address; each message is read once.
export const code = (to) => look({ to });

// What the authenticator app shows for the seed: a code that was not used yet.
export const totp = (seed) => look({ seed });

// A credential of the person's passkey, in the form of JSON.
export const createPasskey = (options) => look({ create: options });
export const getPasskey = (options) => look({ get: options });

// The name of the error that `action` fails with, and what it says.
export async function refusal(action) {
  try {
    await action();
  } catch (error) {
    return { name: error.name, message: error.message };
  }
  return { name: null };
}

// Amplify leaves timers behind that keep Node awake for minutes.
export function answerAndEnd(document) {
  process.stdout.write(JSON.stringify(document), () => process.exit(0));
}
