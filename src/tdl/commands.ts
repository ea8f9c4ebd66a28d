/** Commands in the order they are to run. */
import { contentOf } from './content.ts';
import { lineProblem } from './names.ts';
import { tdlProblem } from './problem.ts';
import type { TdlCommand } from './types.ts';
import { children, type XmlElementNode } from './xml-tree.ts';

/**
 * The commands of a <commands> or <precommands> section: as they are written,
 * or by position when they have one. Positions are for all or none, and count
 * from 1 without a gap.
 */
export function commandsOf(section: XmlElementNode | undefined, source: string): TdlCommand[] {
  const commands = section ? children(section, 'command') : [];
  return inOrder(commands).map((node) => {
    const name = node.attributes.name ?? '';
    const problem = lineProblem(name);
    if (problem) throw tdlProblem('OZ_TDL_VALUE', node, `its name is unusable: ${problem}`);
    if (node.text.trim() === '') throw tdlProblem('OZ_TDL_VALUE', node, 'the command is empty');
    return { name, content: contentOf(node, source) };
  });
}

function inOrder(commands: XmlElementNode[]): XmlElementNode[] {
  const placed = commands.filter((node) => node.attributes.position !== undefined);
  if (placed.length === 0) return commands;
  const bare = commands.find((node) => node.attributes.position === undefined);
  if (bare) {
    throw tdlProblem('OZ_TDL_VALUE', bare, 'it has no position, though other commands have one', {
      hint: 'give every command a position, or none',
    });
  }
  const sorted = commands
    .map((node) => ({ node, position: positionOf(node) }))
    .sort((a, b) => a.position - b.position);
  for (const [index, { node, position }] of sorted.entries()) {
    if (position === index + 1) continue;
    const why =
      position <= index
        ? `position ${position} is there twice`
        : `there is no position ${index + 1}`;
    throw tdlProblem('OZ_TDL_VALUE', node, position === 0 ? 'positions count from 1' : why);
  }
  return sorted.map(({ node }) => node);
}

function positionOf(node: XmlElementNode): number {
  const { position = '' } = node.attributes;
  if (position === '') throw tdlProblem('OZ_TDL_VALUE', node, 'its position is empty');
  return Number(position);
}
