/**
 * The texts of `--help`, of the manual page and of the completions.
 *
 * @module
 */

/** What each flag does, in `--help` and in the completions: no brackets, quotes or colons of shells. */
export const FLAG_HELP = {
  "uri": "use this MongoDB or relay link as the relay",
  "proxy": "reach the relay through socks5 (Tor, ssh -D) or http, and nothing else",
  "local": "use this computer as the relay",
  "name": "your name, as your peer sees it",
  "room": "the room you agreed on; Whisper asks for its passphrase",
  "linger": "how long a crashed chat stays on the relay, 1m to 24h (default 10m)",
  "poll": "poll instead of change streams",
  "tls-ca-file": "certificates (PEM) to check your own server against",
  "password-file": "read the database password from the first line of a file",
  "passphrase-file": "read the passphrase of --room from the first line of a file",
  "plain": "line by line, for screen readers",
  "files": "the folder that files are taken from and saved in, and no other",
  "into": "save in this folder; without it everything goes to the output",
  "yes": "ask nothing",
  "timeout": "give up after this time, for example 10m",
  "quiet": "no bell and no notifications",
  "json": "one JSON object per line each way, for scripts",
  "color": "no colors",
  "theme": "auto, dark, light or mono",
  "mouse": "no scrolling by the mouse wheel",
  "qr": "draw the link as a QR code, too",
  "resolve": "look up the hosts of mongodb+srv now, for use behind a proxy",
  "key-file": "the file with the Fernet key, as keygen prints it",
  "ttl": "refuse a token that is older than this",
  "notify": "send a notification and ask whether you saw it",
  "debug": "show where in the program a failure arose",
  "help": "show help, of a command if one is given",
  "version": "show the versions of Whisper, Deno and the driver",
} as const;

/** What each command does. The empty name is the program without a command. */
export const COMMAND_HELP = {
  "": "ask what is needed, then chat",
  "new": "open a room and show its invite code",
  "join": "join a room with its invite code or a relay link",
  "chat": "meet in a room you agreed on, with a passphrase",
  "send": "send files, or what is piped in",
  "receive": "receive what is sent under a code",
  "doctor": "check the connection and say what to fix",
  "relay": "make, save or forget a link to a relay",
  "config": "show or change saved settings; never a password",
  "fernet": "make keys, encrypt and decrypt Fernet tokens",
  "completions": "tab completion for bash, zsh, fish or powershell",
} as const;

/** What each subcommand does, by command. */
export const ACTION_HELP = {
  "relay": {
    "link": "print one line that gives your peer the relay, password included",
    "save": "save a relay link, password included, in a file of its own",
    "forget": "delete the saved relay link",
  },
  "config": {
    "show": "list the saved settings",
    "set": "save a setting",
    "unset": "remove a setting",
    "path": "print where the file is",
  },
  "fernet": {
    "keygen": "print a new key",
    "encrypt": "turn everything that is read into one token",
    "decrypt": "turn a token into the bytes in it",
  },
} as const;

/** What the example of each command does. */
export const EXAMPLE_HELP = {
  "": "asks for a name, a relay, and whether to open or join a room",
  "new": "opens a room on this computer; tell Bob the code it shows",
  "join": "joins the room of that code on this computer",
  "chat": "asks for the passphrase, then waits for the other person",
  "send": "shows a code, and ends when the other side has the file",
  "receive": "asks, then saves what is sent in this folder",
  "doctor": "says which step fails and how to fix it",
  "relay": "prints a relay link and its QR code, to send to your peer",
  "config": "sets your display name",
  "fernet": "opens a token; exit status 10 if it does not open",
  "completions": "writes the script; load it with: source whisper.bash",
} as const;

/** What each exit status means, in `help exit-codes` and in the manual page. */
export const EXIT_HELP = {
  ok: "left cleanly",
  bug: "internal error",
  usage: "invalid command line, configuration or input",
  relay: "the relay cannot be reached or denies access",
  full: "the room is full or closed",
  wrongCode: "wrong code",
  usedCode: "the code was used, has expired, or failed three times",
  evicted: "lost the seat in the room",
  relayLost: "the relay was lost for good",
  protocol: "the peer or the relay broke the protocol",
  fernet: "invalid Fernet key or token",
  output: "the output cannot be written",
  file: "a file was not delivered, or not received",
  interrupted: "interrupted before a room was open or joined",
} as const;

/** The sentences around the lists. */
export const HELP = {
  about: "Whisper: private, end-to-end encrypted chat for two people in a terminal.",
  manualName: "private, end-to-end encrypted chat for two people",
  description: [
    "One person opens a room and tells the other its invite code, which lets one person in, once.",
    "Both connect to a relay: this computer, or a MongoDB that cannot read what is said.",
    "When both have left, nothing remains on the relay.",
  ],
  precedence: "A setting comes from its flag, then its environment variable, then the " +
    "configuration file; what is missing is asked for. A password is never a flag.",
  sandbox: "Sandboxed: Whisper drops access to every file except the local relay and the files " +
    "you pass, and with --local to the network too. It starts no other program.",
  more: (commandHelp: string, exitCodes: string) =>
    `More: ${commandHelp}, ${exitCodes}, and /help in a chat.`,
  exitStatuses: "Exit statuses:",
  settings: "Settings for NAME:",
  configFiles: "saved settings; never a password",
  sameAs: (flag: string) => `same as ${flag}`,
} as const;
