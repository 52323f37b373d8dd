//! The small dense system of the border.

/// Solves `matrix · x = right` for a symmetric positive definite matrix of order `right.len()`, in place.
/// A pivot that vanishes against its diagonal drops its variable.
pub(crate) fn solve(matrix: &mut [f64], right: &mut [f64]) {
    let n = right.len();
    for i in 0..n {
        for j in 0..=i {
            let mut sum = matrix[i * n + j];
            for k in 0..j {
                sum -= matrix[i * n + k] * matrix[j * n + k];
            }
            let entry = if i == j {
                if sum > 1e-15 * matrix[i * n + i].abs() { sum.sqrt() } else { f64::INFINITY }
            } else if matrix[j * n + j].is_finite() {
                sum / matrix[j * n + j]
            } else {
                0.0
            };
            matrix[i * n + j] = entry;
        }
    }
    for i in 0..n {
        for k in 0..i {
            right[i] -= matrix[i * n + k] * right[k];
        }
        right[i] /= matrix[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            right[i] -= matrix[k * n + i] * right[k];
        }
        right[i] /= matrix[i * n + i];
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn solves_three_by_three() {
        let mut m = [4.0, 1.0, 0.5, 1.0, 3.0, 0.2, 0.5, 0.2, 2.0];
        let mut r = [4.0 + 2.0 + 1.5, 1.0 + 6.0 + 0.6, 0.5 + 0.4 + 6.0];
        super::solve(&mut m, &mut r);
        for (got, want) in r.iter().zip([1.0, 2.0, 3.0]) {
            assert!((got - want).abs() < 1e-12);
        }
    }
}
