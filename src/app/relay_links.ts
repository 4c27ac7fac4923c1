/**
 * `whisper relay link|save|forget`, and what `whisper config` does with relay links.
 *
 * @module
 */
import type { RelayCommand } from "../cli/command.ts";
import { saveConfig } from "../cli/config_file.ts";
import type { LinkChecks } from "../cli/config.ts";
import { uriSecret, withoutPassword } from "../cli/connection_secret.ts";
import { type Asker, askLink, askRelay, confirmSaving } from "../cli/questions.ts";
import { forgetLink, saveLink } from "../cli/saved_link.ts";
import { Failure } from "../errors.ts";
import { goOffline } from "../permissions/confine.ts";
import {
  decodeRelayLink,
  encodeRelayLink,
  inspectUri,
  isRelayLink,
  relayLinkTo,
  seedList,
  URI_CHECKS,
} from "../relay/open.ts";
import { tty } from "../terminal/terminal_text.ts";
import { RELAY_LINK_ANSWERS } from "../ui/messages/cli.ts";
import { paintQr, qrRows } from "../ui/qr.ts";
import {
  type CommandSurroundings,
  isAnsi,
  note,
  openTerminal,
  say,
  type Surroundings,
} from "./surroundings.ts";

/** What `whisper config` does with links. */
export const LINK_CHECKS: LinkChecks = {
  isLink: isRelayLink,
  hasPassword: (link) => uriSecret(decodeRelayLink(link).uri) !== "none",
  withoutSecrets: (link) => {
    const { code: _, uri, ...others } = decodeRelayLink(link);
    inspectUri(uri);
    return encodeRelayLink({ ...others, uri: withoutPassword(uri) });
  },
};

/** Runs the command. */
export async function runRelay(
  command: RelayCommand,
  parts: CommandSurroundings,
): Promise<void> {
  const { output, linkPath } = parts;
  const { asker } = await openTerminal({ ui: "plain" }, parts);
  switch (command.action) {
    case "link":
      return await printLink(command, asker, parts);
    case "save":
      return await save(command.link, asker, parts);
    case "forget":
      goOffline();
      output.write(
        `${forgetLink(linkPath) ? RELAY_LINK_ANSWERS.forgotten : RELAY_LINK_ANSWERS.none}\n`,
      );
  }
}

async function printLink(
  { relay, passwordFile, tlsCaFile, qr, resolve }: RelayCommand & { action: "link" },
  asker: Asker,
  { output }: Surroundings,
): Promise<void> {
  if (!resolve) goOffline();
  const target = await askRelay({ relay, passwordFile, tlsCaFile }, asker, URI_CHECKS);
  if (target.kind === "sqlite") throw new Failure("relay-link-local");
  const uri = resolve ? await seedList(target.uri) : target.uri;
  const { hosts } = inspectUri(uri);
  const link = relayLinkTo({ ...target, uri });
  if (hosts.every((host) => /^(localhost|127\.[\d.]+|\[::1\])(:\d+)?$/i.test(host))) {
    note({ note: "link-to-this-computer" });
  }
  say(RELAY_LINK_ANSWERS.about);
  output.write(`${link}\n`);
  if (!qr) return;
  await output.flush();
  const rows = qrRows(link);
  const columns = rows[0]!.length;
  if (Deno.stdout.isTerminal() && Deno.consoleSize().columns < columns) {
    return say(RELAY_LINK_ANSWERS.tooNarrow(columns));
  }
  const painted = isAnsi() ? paintQr(rows) : rows;
  for (const row of painted) output.write(tty`${row}\n`);
}

async function save(
  given: string | undefined,
  asker: Asker,
  { output, config, linkPath }: CommandSurroundings,
): Promise<void> {
  goOffline();
  const check = (text: string) => {
    if (!isRelayLink(text)) throw new Failure("relay-link-expected");
    const { code: _, ...link } = decodeRelayLink(text);
    inspectUri(link.uri);
    // A code is for one chat.
    return encodeRelayLink(link);
  };
  if (given !== undefined) note({ note: "link-in-arguments" });
  const link = given === undefined ? await askLink(asker, check) : check(given);
  if (linkPath === undefined) throw new Failure("no-config-folder");
  if (asker.isInteractive) {
    asker.print(RELAY_LINK_ANSWERS.willSave(linkPath));
    if (!await confirmSaving(asker)) throw new Failure("relay-link-not-saved");
  }
  saveLink(linkPath, link);
  output.write(`${RELAY_LINK_ANSWERS.saved(linkPath)}\n`);
  const { uri, local, ...others } = config.load().config;
  if (uri === undefined && local === undefined) return;
  // There is one relay: the newer one wins.
  saveConfig(config.path, others);
  output.write(`${RELAY_LINK_ANSWERS.settingsRemoved}\n`);
}
