import { sqliteFixture } from "./fixtures.ts";
import { relayContract } from "./relay_contract.ts";

relayContract("sqlite", sqliteFixture);
