// What a test hands to a script (JSON on standard input), and how a script answers (JSON on standard output).
import { text } from 'node:stream/consumers';

export const given = JSON.parse(await text(process.stdin));

export function answer(document) {
  process.stdout.write(JSON.stringify(document));
}

// What `action` gives, or the class and text of what it throws, and OAuth's own error where it has one.
export async function attempt(action) {
  try {
    return { value: await action() };
  } catch (error) {
    return { error: error.constructor.name, oauth: error.error, message: error.message };
  }
}

// Every token of `given.tokens` put to `verify`, each under its own name.
export async function attemptAll(verify) {
  const outcomes = {};
  for (const [name, token] of Object.entries(given.tokens)) {
    outcomes[name] = await attempt(() => verify(token));
  }
  return outcomes;
}
