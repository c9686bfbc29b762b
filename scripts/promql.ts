/** What a PromQL expression asks for: metrics and labels, by Prometheus's own grammar. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Asked {
  readonly metric: string;
  /** Of its matchers, and of the aggregations around it. */
  readonly labels: ReadonlySet<string>;
}

export interface Query {
  readonly asked: readonly Asked[];
  /** Labels that are left when the expression has been reckoned; null: nothing takes any away. */
  readonly left: ReadonlySet<string> | null;
}

/** @throws Error where the expression cannot be parsed. Grafana's variables must have been replaced. */
export function readQuery(expression: string): Query {
  const asked: Asked[] = [];
  const left = new Set<string>();
  const text = (node: SyntaxNode): string => expression.slice(node.from, node.to);
  const visit = (node: SyntaxNode, around: readonly string[]): void => {
    if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expression}`);
    const grouped = node.name === 'AggregateExpr' || node.name === 'BinaryExpr' ? groupingLabels(node).map(text) : [];
    for (const label of grouped) left.add(label);
    if (node.name === 'VectorSelector') {
      const [name] = node.getChildren('Identifier');
      if (!name) throw new Error(`a selector without a metric's name: ${expression}`);
      asked.push({ metric: text(name), labels: new Set([...matchedLabels(node).map(text), ...around]) });
    }
    for (let child = node.firstChild; child; child = child.nextSibling) visit(child, [...around, ...grouped]);
  };
  visit(parser.parse(expression).topNode, []);
  return { asked, left: left.size === 0 ? null : left };
}

/** `by (…)`, `on (…)` */
function groupingLabels(node: SyntaxNode): readonly SyntaxNode[] {
  const clauses = [...node.getChildren('AggregateModifier'), ...node.getChildren('MatchingModifierClause')];
  return clauses.flatMap((clause) => clause.getChildren('GroupingLabels')).flatMap((labels) => labels.getChildren('LabelName'));
}

function matchedLabels(selector: SyntaxNode): readonly SyntaxNode[] {
  const matchers = selector.getChildren('LabelMatchers').flatMap((all) => all.getChildren('UnquotedLabelMatcher'));
  return matchers.flatMap((matcher) => matcher.getChildren('LabelName'));
}
