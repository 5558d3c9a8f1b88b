package com.github.nexmark.flink.udf;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.functions.ScalarFunction;

/** What q14 calls: how often a character is in a text. */
public class CountChar extends ScalarFunction {
    public long eval(@DataTypeHint("STRING") String text, @DataTypeHint("STRING") String character) {
        if (text == null || character == null) {
            return 0;
        }
        return text.chars().filter(one -> one == character.charAt(0)).count();
    }
}
