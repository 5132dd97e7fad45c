//! One-to-one matching of the greatest weight.

use super::matching::Edge;

/// The most steps (smaller side squared times larger side) that the best matching of one part may take: some 500 spans
/// on either side that all overlap each other.
const MOST_STEPS: usize = 1 << 27;

/// The most cells (smaller side times larger side), for the memory they take.
pub(super) const MOST_CELLS: usize = 1 << 20;

/// Sets `chosen` to the places of the edges of a matching of the greatest sum of weights, all of which are positive;
/// whether it is the greatest for sure. Parts with more than [`MOST_STEPS`] or [`MOST_CELLS`] are matched greedily,
/// heaviest edge first, which gives half of the greatest weight of these edges at least.
pub(super) fn assign(edges: &[Edge], weight: impl Fn(&Edge) -> i128, chosen: &mut Vec<usize>) -> bool {
    chosen.clear();
    if let [_] = edges {
        chosen.push(0);
        return true;
    }
    let (first, last) = (edges[0].gold, edges[edges.len() - 1].gold);
    let least = edges.iter().map(|edge| edge.predicted).min().unwrap_or_default();
    let most = edges.iter().map(|edge| edge.predicted).max().unwrap_or_default();
    let (golds, predictions) = (last - first + 1, most - least + 1);
    if golds == 1 || predictions == 1 {
        // One span chooses among several; the first of equals.
        let best = (0..edges.len()).rev().max_by_key(|&place| weight(&edges[place]));
        chosen.extend(best);
        return true;
    }
    let (rows, columns) = (golds.min(predictions), golds.max(predictions));
    let cells = rows.saturating_mul(columns);
    if cells > MOST_CELLS || cells.saturating_mul(rows) > MOST_STEPS {
        greedy(edges, weight, chosen);
        return false;
    }
    let across = golds > predictions;
    let cell = |edge: &Edge| {
        let (g, p) = (edge.gold - first, edge.predicted - least);
        if across { p * columns + g } else { g * columns + p }
    };
    let mut weights = vec![0i128; rows * columns];
    let mut places = vec![usize::MAX; rows * columns];
    for (place, edge) in edges.iter().enumerate() {
        weights[cell(edge)] = weight(edge);
        places[cell(edge)] = place;
    }
    let column_of = hungarian(rows, columns, &weights);
    let picked = column_of.iter().enumerate().map(|(row, &column)| places[row * columns + column]);
    chosen.extend(picked.filter(|&place| place != usize::MAX));
    chosen.sort_unstable();
    true
}

/// Heaviest first; of equals the first.
fn greedy(edges: &[Edge], weight: impl Fn(&Edge) -> i128, chosen: &mut Vec<usize>) {
    let mut order: Vec<usize> = (0..edges.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(weight(&edges[place])));
    let (mut golds, mut predictions) = (rustc_hash::FxHashSet::default(), rustc_hash::FxHashSet::default());
    for place in order {
        let edge = &edges[place];
        if !golds.contains(&edge.gold) && !predictions.contains(&edge.predicted) {
            golds.insert(edge.gold);
            predictions.insert(edge.predicted);
            chosen.push(place);
        }
    }
    chosen.sort_unstable();
}

/// For each row the column of an assignment of the greatest weight; `weights` row by row, no fewer columns than rows.
///
/// The Hungarian method by shortest augmenting paths (Kuhn 1955; Jonker and Volgenant 1987), rows · rows · columns
/// steps. Integers, so that ties are ties.
fn hungarian(rows: usize, columns: usize, weights: &[i128]) -> Vec<usize> {
    // Row and column 0 stand for "none"; potentials keep every reduced cost (minus weight) at 0 or above.
    let (mut row_potential, mut column_potential) = (vec![0i128; rows + 1], vec![0i128; columns + 1]);
    let mut row_of = vec![0usize; columns + 1];
    let mut before = vec![0usize; columns + 1];
    let mut distance = vec![0i128; columns + 1];
    let mut visited = vec![false; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        distance.fill(i128::MAX);
        visited.fill(false);
        let mut column = 0;
        while row_of[column] != 0 {
            visited[column] = true;
            let from = row_of[column];
            let (mut nearest, mut next) = (i128::MAX, 0);
            for to in (1..=columns).filter(|&to| !visited[to]) {
                let reduced = -weights[(from - 1) * columns + to - 1] - row_potential[from] - column_potential[to];
                if reduced < distance[to] {
                    distance[to] = reduced;
                    before[to] = column;
                }
                if distance[to] < nearest {
                    nearest = distance[to];
                    next = to;
                }
            }
            for to in 0..=columns {
                if visited[to] {
                    row_potential[row_of[to]] += nearest;
                    column_potential[to] -= nearest;
                } else if distance[to] != i128::MAX {
                    distance[to] -= nearest;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[before[column]];
            column = before[column];
        }
    }
    let mut column_of = vec![0; rows];
    for column in 1..=columns {
        if row_of[column] > 0 {
            column_of[row_of[column] - 1] = column - 1;
        }
    }
    column_of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(gold: usize, predicted: usize, overlap: u32) -> Edge {
        Edge { gold, predicted, same_range: false, same_type: false, overlap }
    }

    /// The greatest sum of weights, by trying every matching.
    fn best(edges: &[Edge], golds: u64, predictions: u64) -> i128 {
        let Some((edge, rest)) = edges.split_first() else { return 0 };
        let without = best(rest, golds, predictions);
        if golds >> edge.gold & 1 == 1 || predictions >> edge.predicted & 1 == 1 {
            return without;
        }
        let with = best(rest, golds | 1 << edge.gold, predictions | 1 << edge.predicted);
        without.max(with + i128::from(edge.overlap))
    }

    proptest::proptest! {
        #[test]
        fn no_matching_weighs_more(
            cells in proptest::collection::btree_map((0usize..5, 0usize..5), 1u32..9, 1..14)
        ) {
            let edges: Vec<Edge> = cells.iter().map(|(&(g, p), &weight)| edge(g, p, weight)).collect();
            let mut chosen = Vec::new();
            proptest::prop_assert!(assign(&edges, |e| i128::from(e.overlap), &mut chosen));
            let sum: i128 = chosen.iter().map(|&place| i128::from(edges[place].overlap)).sum();
            proptest::prop_assert_eq!(sum, best(&edges, 0, 0));
            for (n, &a) in chosen.iter().enumerate() {
                for &b in &chosen[n + 1..] {
                    let shared = edges[a].gold == edges[b].gold || edges[a].predicted == edges[b].predicted;
                    proptest::prop_assert!(!shared);
                }
            }
        }
    }

    #[test]
    fn a_part_beyond_the_bound_is_matched_greedily_and_says_so() {
        let edges: Vec<Edge> = (0..600).flat_map(|g| [edge(g, g, 3), edge(g, (g + 1) % 600, 2)]).collect();
        let mut chosen = Vec::new();
        assert!(!assign(&edges, |e| i128::from(e.overlap), &mut chosen));
        assert!(chosen.len() == 600 && chosen.iter().all(|&place| edges[place].overlap == 3));
    }
}
