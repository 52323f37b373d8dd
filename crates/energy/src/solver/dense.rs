//! The small dense system of the border.

use super::real::Real;

/// Solves `matrix · x = right` for a symmetric positive definite matrix of order `right.len()`, in place, by LDLᵀ.
/// A pivot that vanishes against its diagonal drops its variable.
pub(crate) fn solve<T: Real>(matrix: &mut [T], right: &mut [T]) {
    let n = right.len();
    for i in 0..n {
        let diagonal = matrix[i * n + i];
        for j in 0..i {
            let mut sum = matrix[i * n + j];
            for k in 0..j {
                // Row i still holds L·D left of j.
                sum = sum - matrix[i * n + k] * matrix[j * n + k];
            }
            matrix[i * n + j] = sum;
        }
        let mut pivot = diagonal;
        for k in 0..i {
            let l = matrix[i * n + k] * matrix[k * n + k];
            pivot = pivot - matrix[i * n + k] * l;
            matrix[i * n + k] = l;
        }
        let kept = pivot.f64() > T::DEPENDENT.max(1e-30) * diagonal.f64().abs();
        matrix[i * n + i] = if kept { pivot.reciprocal() } else { T::default() };
    }
    for i in 0..n {
        for k in 0..i {
            right[i] = right[i] - matrix[i * n + k] * right[k];
        }
    }
    for i in 0..n {
        right[i] = right[i] * matrix[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            right[i] = right[i] - matrix[k * n + i] * right[k];
        }
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
