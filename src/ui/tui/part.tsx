/**
 * A part of the screen: rows one below the other, each as it is, in a place of a given height.
 *
 * @module
 */
import { Box, Text } from "ink";

/** What a part is made of. */
export interface PartProps {
  /** Rows with their colours. */
  readonly rows: readonly string[];
  readonly columns: number;
  readonly height: number;
  /** For what grows upwards: the free space is above it. */
  readonly fromBottom?: boolean;
}

/** Rows in their place. */
export function Part({ rows, columns, height, fromBottom = false }: PartProps) {
  return (
    <Box
      flexDirection="column"
      width={columns}
      height={height}
      overflow="hidden"
      justifyContent={fromBottom ? "flex-end" : "flex-start"}
    >
      {rows.map((row, index) => (
        // A row without anything would have no height.
        <Text key={index} wrap="truncate">{row || " "}</Text>
      ))}
    </Box>
  );
}
