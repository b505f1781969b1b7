// How a test tells a program what to do: a line of JSON in, a line of JSON out. When the test ends, so does it.
import { createInterface } from 'node:readline';

// Notices of libraries are no answers.
console.info = console.log = console.error;

export async function takeOrders(carryOut) {
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      process.stdout.write(`${JSON.stringify({ done: (await carryOut(JSON.parse(line))) ?? null })}\n`);
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ failed: String(error.stack ?? error) })}\n`);
    }
  }
  process.exit(0);
}

// A server on a port that the machine chooses. What answers is told later, and may change.
export async function listen(server) {
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${server.address().port}`;
}
