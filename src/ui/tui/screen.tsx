/**
 * The whole screen: its parts one below the other, each row as it is.
 *
 * @module
 */
import { Box, Text } from "ink";
import { conversationWindow, heightsOf } from "./geometry.ts";
import type { State } from "./state.ts";
import { bannerRows, composerRows, headerRows, inviteRows, ruleRow, statusRow } from "./parts.ts";
import type { Row } from "./rows.ts";
import { paint, type ThemeName } from "./theme.ts";
import { visibleRows } from "./viewport.ts";

/** A part of the screen: rows, from the top of its place or, for what grows upwards, from the bottom. */
export function Part(
  { rows, height, theme, fromBottom = false }: {
    readonly rows: readonly Row[];
    readonly height: number;
    readonly theme: ThemeName;
    readonly fromBottom?: boolean;
  },
) {
  return (
    <Box
      flexDirection="column"
      height={height}
      flexShrink={0}
      justifyContent={fromBottom ? "flex-end" : "flex-start"}
    >
      {rows.map((row, index) => (
        // A row without anything would have no height.
        <Text key={index} wrap="truncate">{paint(row, theme) || " "}</Text>
      ))}
    </Box>
  );
}

/** Everything. */
export function Screen({ state }: { readonly state: State }) {
  const { theme, scroll } = state;
  const heights = heightsOf(state);
  const { rows: composer } = composerRows(state, heights.composer);
  return (
    <Box flexDirection="column" width={state.columns} height={state.rows} overflow="hidden">
      <Part rows={headerRows(state, heights.header)} height={heights.header} theme={theme} />
      <Part rows={bannerRows(state, heights.alarms)} height={heights.alarms} theme={theme} />
      <Part
        rows={visibleRows({ ...conversationWindow(state), height: heights.conversation }, scroll)}
        height={heights.conversation}
        theme={theme}
        fromBottom
      />
      <Part rows={inviteRows(state, heights.invite)} height={heights.invite} theme={theme} />
      <Part rows={[ruleRow(state)]} height={heights.rule} theme={theme} />
      <Part rows={composer} height={heights.composer} theme={theme} />
      <Part rows={[statusRow(state)]} height={heights.status} theme={theme} />
    </Box>
  );
}
