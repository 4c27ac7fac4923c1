/**
 * A DNS server on this computer that answers every question with one code.
 *
 * @module
 */
import dgram from "node:dgram";
import dns from "node:dns";

/** Codes of RFC 1035, section 4.1.1. */
export const RCODE = { serverFailure: 2, refused: 5 } as const;

/** Has this process ask such a server while `work` runs. */
export async function withNameServer<T>(rcode: number, work: () => Promise<T>): Promise<T> {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (question: Uint8Array, from: { port: number; address: string }) => {
    socket.send(refusal(Uint8Array.from(question), rcode), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  const before = dns.getServers();
  dns.setServers([`127.0.0.1:${socket.address().port}`]);
  try {
    return await work();
  } finally {
    dns.setServers(before);
    socket.close();
  }
}

/** The question, sent back with a code and without an answer. */
function refusal(message: Uint8Array, rcode: number): Uint8Array {
  message[2] = 0x81;
  message[3] = 0x80 | rcode;
  message.fill(0, 6, 12);
  let end = 12;
  while (message[end] !== 0) end += message[end]! + 1;
  return message.subarray(0, end + 5);
}
