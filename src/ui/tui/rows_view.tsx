/**
 * Rows of the screen, one below the other, each as it is and none wider than the window.
 *
 * @module
 */
import { Box, Text } from "ink";

/** What is shown. */
export interface RowsProps {
  /** Rows with their colours. */
  readonly rows: readonly string[];
  readonly columns: number;
}

/** Rows below each other. */
export function Rows({ rows, columns }: RowsProps) {
  return (
    <Box flexDirection="column" width={columns} height={rows.length}>
      {rows.map((row, index) => (
        // A row without anything would have no height.
        <Text key={index} wrap="truncate">{row || " "}</Text>
      ))}
    </Box>
  );
}
