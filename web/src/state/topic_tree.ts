// What is known of the topic tree, and the rows that it makes. Pages are asked for when they come into sight and
// again while they are; what was never looked at is never asked for.

import {childrenOf, hasChildren, topicsWith, type TopicPage, type TopicRow} from '../net/topics';

interface Page {
  after: string | undefined; // the cursor that it was asked for with
  rows: readonly TopicRow[];
  next: string | null;       // that of the page behind it; null: it is the last
  drawn?: {lines: readonly TreeRow[]; index: number; opened: number}; // where nothing in it is open
}

interface Branch {
  pages: Page[];
  asked: Set<number>; // pages that are under way
}

export interface TreeRow {
  kind: 'topic' | 'more';
  key: string;
  depth: number;
  branch: string;      // key of the branch it is in
  page: number;        // and of the page in that; of `more`, the one to be asked for
  row?: TopicRow;
  isOpen?: boolean;    // undefined: nothing lies below
}

export interface TreeState {
  isComplete: boolean;
  skipped: number;
  leftOut: number;
}

const rootKey = '\0root'; // no prefix of a topic, which has no U+0000
const searchKey = '\0search';

export class TopicTree {
  private branches = new Map<string, Branch>();
  private open = new Set<string>();
  private opened = 0; // grows with every change of `open`
  private flat: TreeRow[] | undefined;
  state: TreeState = {isComplete: true, skipped: 0, leftOut: 0};

  // `search` empty: the tree. `changed` is called when there is something new to be shown.
  constructor(private readonly search: string, private readonly changed: () => void,
    private readonly gone: AbortSignal) {}

  private get firstBranch(): string {
    return this.search === '' ? rootKey : searchKey;
  }

  isOpen(topic: string): boolean {
    return this.open.has(topic);
  }

  toggle(topic: string, isOpen = !this.open.has(topic)): void {
    if (isOpen) this.open.add(topic);
    else this.open.delete(topic);
    this.opened += 1;
    this.update();
  }

  // Opens what lies above a topic.
  reveal(topic: string): void {
    for (let at = topic.indexOf('/'); at >= 0; at = topic.indexOf('/', at + 1)) this.open.add(topic.slice(0, at));
    this.opened += 1;
    this.update();
  }

  rows(): readonly TreeRow[] {
    if (!this.flat) {
      this.flat = [];
      this.flatten(this.firstBranch, 1, this.flat);
    }
    return this.flat;
  }

  // Asks for the pages that these rows are of, again or for the first time.
  async refresh(shown: readonly TreeRow[]): Promise<void> {
    const wanted = new Map<string, {branch: string; page: number}>();
    const want = (branch: string, page: number) => wanted.set(`${branch}\n${page}`, {branch, page});
    if (!this.branches.has(this.firstBranch)) want(this.firstBranch, 0);
    for (const row of shown) want(row.branch, row.page);
    await Promise.all([...wanted.values()].map(one => this.ask(one.branch, one.page)));
  }

  private flatten(key: string, depth: number, out: TreeRow[]): void {
    const pages = this.branches.get(key)?.pages ?? [];
    pages.forEach((page, index) => {
      // Of a hundred thousand rows those of the page that has just come are new.
      if (page.drawn?.index === index && page.drawn.opened === this.opened) {
        for (const line of page.drawn.lines) out.push(line);
        return;
      }
      const first = out.length;
      let isClosed = true;
      for (const row of page.rows) {
        const isBranch = this.search === '' && hasChildren(row);
        const isOpen = isBranch && this.open.has(row.topic);
        out.push({kind: 'topic', key: `t${row.topic}`, depth, branch: key, page: index, row,
          ...(isBranch ? {isOpen} : {})});
        if (!isOpen) continue;
        isClosed = false;
        this.flatten(row.topic, depth + 1, out);
      }
      if (isClosed) page.drawn = {lines: out.slice(first), index, opened: this.opened};
    });
    if (pages.length === 0 ? key !== this.firstBranch : pages.at(-1)!.next !== null)
      out.push({kind: 'more', key: `m${key}`, depth, branch: key, page: pages.length});
  }

  private async ask(key: string, index: number): Promise<void> {
    const branch = this.branches.get(key) ?? {pages: [], asked: new Set<number>()};
    this.branches.set(key, branch);
    const before = branch.pages[index - 1];
    if (branch.asked.has(index) || index > branch.pages.length || before?.next === null) return;
    const after = before?.next ?? undefined;
    branch.asked.add(index);
    try {
      const answer = await (key === searchKey
        ? topicsWith(this.search, after, this.gone)
        : childrenOf(key === rootKey ? undefined : key, after, this.gone));
      this.put(branch, index, after, answer);
    } finally {
      branch.asked.delete(index);
    }
  }

  private put({pages}: Branch, index: number, after: string | undefined, answer: TopicPage): void {
    if ((pages[index - 1]?.next ?? undefined) !== after) return; // those before it have changed meanwhile
    const before = pages[index];
    const page = {after, rows: answer.topics, next: answer.cursor};
    pages[index] = page;
    if (before && pages.length > index + 1 && before.next !== page.next) {
      // Topics have come, so that it ends sooner: what it does not reach any more is a page of its own.
      const end = before.rows.findIndex(row => row.topic === page.rows.at(-1)?.topic);
      if (end >= 0 && page.next !== null) pages.splice(index + 1, 0, {after: page.next, rows: before.rows.slice(end + 1), next: before.next});
      else pages.length = index + 1; // topics have gone: what follows is asked for anew
    }
    this.state = {isComplete: answer.complete, skipped: answer.skipped, leftOut: answer.left_out};
    this.update();
  }

  private update(): void {
    this.flat = undefined;
    this.changed();
  }
}
