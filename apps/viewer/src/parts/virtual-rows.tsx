import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualItem,
} from "@tanstack/virtual-core";
import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";
import type { ComponentChildren, JSX, RefObject } from "preact";

/** Visible rows, and the height of all rows. */
export interface VirtualRows {
  readonly items: readonly VirtualItem[];
  readonly totalSize: number;
  readonly scrollTo: (index: number) => void;
}

/** Number of additional rows above and below the visible ones, so that scrolling shows no gaps. */
const overscan = 20;

/** Rows of equal height, of which only the visible ones are in the document. */
export function useVirtualRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): VirtualRows {
  const [, redraw] = useReducer((version: number) => version + 1, 0);
  const virtualizer = useRef<Virtualizer<HTMLElement, HTMLElement> | null>(null);
  const options = {
    count,
    overscan,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined),
  };
  virtualizer.current ??= new Virtualizer(options);
  virtualizer.current.setOptions(options);
  // The library gives a leading underscore to methods for its framework adapters.
  // oxlint-disable no-underscore-dangle
  useEffect(() => virtualizer.current!._didMount(), []);
  useLayoutEffect(() => virtualizer.current!._willUpdate());
  // oxlint-enable no-underscore-dangle
  return {
    items: virtualizer.current.getVirtualItems(),
    totalSize: virtualizer.current.getTotalSize(),
    scrollTo: (index) => virtualizer.current!.scrollToIndex(index),
  };
}

/** Box with the height of all rows, in which the visible rows are positioned. */
export function RowSpace({
  size,
  children,
}: {
  readonly size: number;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="row-space" role="rowgroup" style={{ height: `${size}px` }}>
      {children}
    </div>
  );
}
