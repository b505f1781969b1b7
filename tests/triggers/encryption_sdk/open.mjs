// What the developer guide has a function do: open a code with the Encryption SDK for Node, by the KMS that the
// environment names. Prints the code, its encryption context and the suite as JSON.
import { buildClient, CommitmentPolicy, KmsKeyringNode } from '@aws-crypto/client-node'

const policy = CommitmentPolicy[process.env.POLICY]
const { decrypt } = buildClient(policy)
const keyring = new KmsKeyringNode({ keyIds: [process.env.KEY_ARN] })
const { plaintext, messageHeader } = await decrypt(keyring, Buffer.from(process.env.CODE, 'base64'))
console.log(
  JSON.stringify({
    code: plaintext.toString(),
    context: messageHeader.encryptionContext,
    version: messageHeader.version,
    suite: messageHeader.suiteId,
  }),
)
