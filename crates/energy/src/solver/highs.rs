//! The same programmes by HiGHS, for those who build with it: slower on a year, and an independent answer.

use highs::{Col, RowProblem, Sense};

use super::interior::Outcome;
use super::lp::Lp;

/// Solves the programme. What HiGHS cannot solve comes back as zeros, whose gap no policy accepts.
pub(crate) fn solve(lp: &Lp) -> Outcome {
    let mut problem = RowProblem::default();
    let mut rows: Vec<Vec<(Col, f64)>> = vec![Vec::new(); lp.rows()];
    let mut linked = vec![false; lp.columns()];
    for link in &lp.links {
        linked[link.column as usize] = true;
    }
    let x: Vec<Col> = (0..lp.columns())
        .map(|j| {
            // A bound that grows with a size is a row.
            let most = if linked[j] { f64::INFINITY } else { lp.upper[j] };
            problem.add_column(lp.cost[j], 0.0..=most)
        })
        .collect();
    for (j, column) in x.iter().enumerate() {
        for e in lp.start[j] as usize..lp.start[j + 1] as usize {
            rows[lp.row[e] as usize].push((*column, lp.value[e]));
        }
    }
    let z: Vec<Col> = lp
        .shared
        .iter()
        .map(|s| {
            let column = problem.add_column(s.cost, 0.0..=s.most);
            for &(row, value) in &s.entries {
                rows[row as usize].push((column, value));
            }
            column
        })
        .collect();
    for (row, right) in rows.iter().zip(&lp.right) {
        problem.add_row(*right..=*right, row);
    }
    for group in lp.links.chunk_by(|a, b| a.column == b.column) {
        let j = group[0].column as usize;
        let mut row = vec![(x[j], 1.0)];
        row.extend(group.iter().map(|l| (z[l.shared as usize], -l.factor)));
        problem.add_row(..=lp.upper[j], &row);
    }
    let mut model = problem.optimise(Sense::Minimise);
    model.set_option("output_flag", false);
    model.set_option("primal_feasibility_tolerance", 1e-9);
    model.set_option("dual_feasibility_tolerance", 1e-9);
    let solution = model.solve().get_solution();
    let (columns, duals) = (solution.columns(), solution.dual_rows());
    let take = |from: usize, count: usize| -> Vec<f64> {
        (from..from + count).map(|i| columns.get(i).copied().unwrap_or(0.0)).collect()
    };
    Outcome {
        x: take(0, lp.columns()),
        z: take(lp.columns(), lp.shared.len()),
        y: (0..lp.rows()).map(|i| duals.get(i).copied().unwrap_or(0.0)).collect(),
        iterations: 0,
    }
}
